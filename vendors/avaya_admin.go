package vendors

import "slices"

// avayaAdmin sets the code of the phone's menu and, where the password is one
// the web page takes, that of the page. With another the page would keep the
// maker's, which is printed in the guides, so it stays closed.
func avayaAdmin(ps *params, in Input) (web bool) {
	password := in.Device.AdminPassword.Reveal()
	if password == "" {
		return false
	}
	ps.set("ADMIN_PASSWORD", password)
	if web = avayaWebPassword(password); !web {
		password = ""
	}
	ps.set("FORCE_WEB_ADMIN_PASSWORD", password)
	return web
}

// avayaWebPassword: 8 to 31 ASCII characters, a letter, a digit and a symbol among
// them, and never more than four of one kind in a row.
func avayaWebPassword(s string) bool {
	if len(s) < 8 || len(s) > 31 {
		return false
	}
	seen := [3]bool{}
	last, run := -1, 0
	for _, r := range s {
		kind := 2
		switch {
		case r <= ' ' || r > '~':
			return false
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			kind = 0
		case r >= '0' && r <= '9':
			kind = 1
		}
		if run++; kind != last {
			last, run = kind, 1
		}
		if seen[kind] = true; run > 4 {
			return false
		}
	}
	return !slices.Contains(seen[:], false)
}

// avayaDirectory writes the site's phone book.
func avayaDirectory(_ string, entries []Entry) ([]byte, error) {
	b := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<IPPhoneDirectory>\n")
	var err error
	for _, e := range entries {
		if b, err = bookXML(append(b, "<DirectoryEntry>"...), "LastName", e.Name); err != nil {
			return nil, err
		}
		b = append(b, "<PhoneNumbers>"...)
		for _, number := range e.dialled() {
			if b, err = bookXML(append(b, "<Phone>"...), "Number", number); err != nil {
				return nil, err
			}
			b = append(b, "<Type>Work</Type></Phone>"...)
		}
		b = append(b, "</PhoneNumbers></DirectoryEntry>\n"...)
	}
	return append(b, "</IPPhoneDirectory>\n"...), nil
}
