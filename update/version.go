package update

import (
	"fmt"

	"golang.org/x/mod/semver"
)

// maxVersion bounds a version's text, which becomes part of file names.
const maxVersion = 64

// CheckVersion says what is wrong with a release's version: semantic versioning
// with a v before it, v1.4.0 or v1.5.0-rc.1, and nothing behind a plus sign,
// which would not count when two are compared.
func CheckVersion(v string) error {
	if len(v) > maxVersion || !semver.IsValid(v) || semver.Canonical(v) != v {
		return fmt.Errorf("version %.80q: write one such as v1.4.0 or v1.5.0-rc.1", v)
	}
	return nil
}

// Compare orders versions. A build that has none ("development") comes before
// all that have one.
func Compare(a, b string) int { return semver.Compare(a, b) }
