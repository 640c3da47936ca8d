package admin

// Routes is the route table as method, path and least role, for the tests that
// walk it.
func Routes() [][3]string {
	var list [][3]string
	for _, r := range routes() {
		list = append(list, [3]string{r.method, r.path, r.least.String()})
	}
	return list
}
