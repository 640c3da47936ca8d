package vendors

// pValues is the P-value dialect of Grandstream and Htek: numbers instead of
// names, as elements below root.
func pValues(root string) flatXML {
	return flatXML{
		head:   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + root + " version=\"1\">\n<config version=\"1\">\n",
		foot:   "</config>\n</" + root + ">\n",
		names:  pName,
		escape: xmlText,
	}
}

// pName is "P" and up to six digits.
func pName(s string) bool {
	if len(s) < 2 || len(s) > 7 || s[0] != 'P' {
		return false
	}
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
