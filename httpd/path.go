package httpd

import (
	"strings"
	"unicode/utf8"
)

// maxName bounds a file's name, folders included, in bytes.
const maxName = 255

// fileOf gives the file a decoded URL path asks for, and whether it can be a name
// at all. Slashes too many are forgiven, for phones glue a base URL that ends in
// one to a name that starts with one. The name is looked up, never joined to a
// path; what could only be meant to escape one is turned away all the same.
func fileOf(path string) (string, bool) {
	name := strings.TrimLeft(path, "/")
	if rest, ok := strings.CutPrefix(name, "cfg/"); ok {
		name = strings.TrimLeft(rest, "/")
	}
	switch {
	case name == "" || len(name) > maxName:
		return "", false
	case !utf8.ValidString(name) || strings.ContainsAny(name, "\x00\\"):
		return "", false
	case strings.Contains(name, ".."):
		return "", false
	}
	return name, true
}

// isFolder reports a path that is the configs' folder and no file: some phones
// ask for what option 66 says as it stands.
func isFolder(path string) bool {
	name := strings.Trim(path, "/")
	return name == "" || name == "cfg"
}

// originForm cuts scheme and host off an absolute request target (RFC 9112
// section 3.2.2); any other target is given back as it is.
func originForm(target string) string {
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return target
	}
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	}
	return rest[i:]
}
