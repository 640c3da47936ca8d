package pages

// Cookies of how the pages look in this browser. They say nothing of who it is.
const (
	langCookie  = "__Host-lineside-lang"
	themeCookie = "__Host-lineside-theme"
	lookAge     = 365 * 24 * 60 * 60
)

// theme is "light", "dark", or empty for what the system has.
func (v *visit) theme() string {
	c, err := v.r.Cookie(themeCookie)
	if err != nil || c.Value != "light" && c.Value != "dark" {
		return ""
	}
	return c.Value
}

// postLook chooses language and colours for this browser.
func postLook(v *visit) error {
	f, err := v.form("lang", "theme", "to")
	if err != nil {
		return err
	}
	if lang := f.Get("lang"); speaks(lang) {
		v.setCookie(langCookie, lang, lookAge)
	}
	switch theme := f.Get("theme"); theme {
	case "light", "dark":
		v.setCookie(themeCookie, theme, lookAge)
	case "auto":
		v.setCookie(themeCookie, "", -1)
	}
	return v.to(local(f.Get("to")))
}
