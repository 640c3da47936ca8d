package vendors

import "strings"

// mitelFormat is "name: value". The phone stops at a file without a line, so
// the first is a comment.
var mitelFormat = mitelForm{keyValue{head: "# Lineside\n", between: ": ", names: nameOf("._- []|"), escape: mitelValue}}

// mitelForm writes some parameters twice: as they are, and with a ^ before the
// name, by which a phone forgets what was set on it by hand (SIP administrator
// guide 3.2.2, 2-18). Old firmware passes over the second.
type mitelForm struct{ keyValue }

func (f mitelForm) write(s *scratch, ps params) ([]byte, error) {
	b := append(s.out[:0], f.head...)
	forced := f.keyValue
	forced.before = "^"
	for _, p := range ps {
		var err error
		if b, err = f.line(b, p); err != nil {
			return nil, err
		}
		if !mitelForced(p.key) {
			continue
		}
		if b, err = forced.line(b, p); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// mitelForced are server, login and accounts: somebody may have typed a server
// into the phone's menu, and its one-time password at the Log In key, and left
// there they would outrank every config. What people set for themselves stays.
func mitelForced(name string) bool {
	if line, ok := strings.CutPrefix(name, "sip line"); ok {
		_, what, _ := strings.Cut(line, " ")
		return mitelAccount[what]
	}
	return mitelAccess[name]
}

var (
	mitelAccess = map[string]bool{
		"download protocol": true, "http digest username": true, "http digest password": true,
		"http server": true, "http port": true, "http path": true,
		"https server": true, "https port": true, "https path": true,
		"tftp server": true, "tftp port": true, "tftp path": true,
	}
	mitelAccount = map[string]bool{
		"user name": true, "auth name": true, "password": true,
		"registrar ip": true, "registrar port": true, "proxy ip": true, "proxy port": true,
		"outbound proxy": true, "outbound proxy port": true,
	}
)

// mitelValue puts quotes around what has a # in it, which would begin a
// comment. What has both, or begins with a quote, cannot be held.
func mitelValue(b []byte, s string) ([]byte, error) {
	switch {
	case strings.Contains(s, "#"):
		return quoted(b, s)
	case strings.HasPrefix(s, `"`):
		return nil, errMark
	}
	return oneLine("")(b, s)
}
