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
}

// set writes the login. Nothing is written where there is none: the phone may
// have one that somebody typed.
func (x *XSI) set(ps *params, in Input) {
	if x == nil || in.Stage != Full || in.XSI.User == "" {
		return
	}
	if x.Mode != "" {
		ps.set(x.Mode, x.ModeValue)
	}
	ps.setAt(x.User, x.Index, in.XSI.User)
	ps.setAt(x.Password, x.Index, in.XSI.Password.Reveal())
}
