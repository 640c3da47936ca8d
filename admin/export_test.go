package admin

// Routes is the route table as method and path, for the tests that walk it.
func Routes() [][2]string {
	var list [][2]string
	for _, r := range routes() {
		list = append(list, [2]string{r.method, r.path})
	}
	return list
}
