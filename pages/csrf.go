package pages

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/lineside/lineside/admin"
)

// csrfField and csrfHeader are where a form and a script send the token.
const (
	csrfField  = "csrf"
	csrfHeader = "X-CSRF"
)

// csrf is the token of this browser's forms: made from the cookie, so that it is
// void with the session, and that a page cannot be made to send it which does not
// know it. A browser without a cookie is given one.
func (v *visit) csrf() string {
	if v.cookie() == "" {
		v.keep(randomValue())
	}
	return csrfOf(v.cookie())
}

func csrfOf(cookie string) string {
	m := hmac.New(sha256.New, []byte(cookie))
	m.Write([]byte("lineside form"))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// genuine refuses what a page of another web site, or nobody's page, sent: by
// what the browser says of it (Sec-Fetch-Site, Origin), and by the token.
func (v *visit) genuine() error {
	if v.r.Method == http.MethodGet || v.r.Method == http.MethodHead {
		return nil
	}
	sent := v.r.Header.Get(csrfHeader)
	if sent == "" {
		if err := v.parse(); err != nil {
			return err
		}
		sent = v.r.PostFormValue(csrfField)
	}
	cookie := v.cookie()
	if v.s.cross.Check(v.r) == nil && cookie != "" && hmac.Equal([]byte(sent), []byte(csrfOf(cookie))) {
		return nil
	}
	v.w.Header().Set("X-Form", "stale") // which the page's own script can mend
	return &admin.Error{Status: http.StatusForbidden, What: v.say("problem.forged"), Hint: v.say("problem.forged.do")}
}
