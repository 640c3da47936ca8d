package vendors

// XSI is where a vendor's phones take user name and password of the platform's
// directory and call log (BroadSoft's Xtended Services Interface). The server's
// name is the platform's to say, in an operator's template.
type XSI struct {
	User, Password string
	// Index is what the two count by, where the vendor writes that apart.
	Index int
	// Mode is a parameter that has to say which login is meant, and its value;
	// empty is none.
	Mode, ModeValue string
	// Next is one more place for the same login; nil is none.
	Next *XSI
}

// setXSI writes the owner's login. Where there is none, and on hold, it is
// emptied: most phones keep what a config leaves out, and would go on as the
// owner they had before.
func (m Maker) setXSI(ps *params, in Input) {
	for x := m.XSI; x != nil; x = x.Next {
		switch {
		case in.Stage == Full && in.XSI.User != "":
			if x.Mode != "" {
				ps.set(x.Mode, x.ModeValue)
			}
			ps.setAt(x.User, x.Index, in.XSI.User)
			ps.setAt(x.Password, x.Index, in.XSI.Password.Reveal())
		case !m.Forgets:
			ps.setAt(x.User, x.Index, "")
			ps.setAt(x.Password, x.Index, "")
		}
	}
}
