package proto

// ID names a device, the same at both sides. The rules never look inside.
type ID string

// Site names a site.
type Site string

// Gen is one minting of a one-time password or PIN.
type Gen struct {
	// Epoch is the platform's epoch it was minted in, seconds since 1970.
	Epoch int64 `json:"e"`
	// N counts mintings; 0 is "never minted".
	N uint64 `json:"n"`
	// Mint is random and unlike any other; PINs need none.
	Mint string `json:"m,omitempty"`
}

// Newer says whether g was minted after h, as far as numbers tell.
func (g Gen) Newer(h Gen) bool {
	if g.Epoch != h.Epoch {
		return g.Epoch > h.Epoch
	}
	return g.N > h.N
}

// Next is the generation after g, minted in epoch.
func (g Gen) Next(epoch int64, mint string) Gen {
	return Gen{Epoch: max(epoch, g.Epoch), N: g.N + 1, Mint: mint}
}

// Sec is the security state of one device. The platform alone raises OTP and
// PIN; a site alone sets the rest.
type Sec struct {
	// OTP is the newest generation of the one-time password, Used whether it
	// may never be accepted again.
	OTP  Gen  `json:"otp"`
	Used bool `json:"used,omitempty"`
	// PIN is the newest generation of the PIN, Fails the wrong ones entered
	// under it, Locked whether no more are taken until the platform resets it.
	PIN    Gen    `json:"pin"`
	Fails  uint16 `json:"fails,omitempty"`
	Locked bool   `json:"locked,omitempty"`
}

// Armed says whether the one-time password may still be accepted.
func (s Sec) Armed() bool { return s.OTP.N > 0 && !s.Used }

// Join is what both sides together know. It is commutative, associative and
// idempotent, so it does not matter how often or in which order it is done.
// Two mints of one number void each other: one of them was lost in a restore,
// and nobody can say which was used.
func (s Sec) Join(t Sec) Sec {
	out := s
	switch {
	case t.OTP.Newer(s.OTP):
		out.OTP, out.Used = t.OTP, t.Used
	case s.OTP.Newer(t.OTP):
	default:
		out.Used = s.Used || t.Used || s.OTP.Mint != t.OTP.Mint
		out.OTP.Mint = max(s.OTP.Mint, t.OTP.Mint)
	}
	switch {
	case t.PIN.Newer(s.PIN):
		out.PIN, out.Fails, out.Locked = t.PIN, t.Fails, t.Locked
	case s.PIN.Newer(t.PIN):
	default:
		out.Fails, out.Locked = max(s.Fails, t.Fails), s.Locked || t.Locked
		out.PIN.Mint = max(s.PIN.Mint, t.PIN.Mint)
	}
	return out
}

// At is s as it counts in epoch (R8): an older OTP is void, and tries under an
// older PIN generation are forgotten.
func (s Sec) At(epoch int64) Sec {
	if s.OTP.N > 0 && s.OTP.Epoch < epoch {
		s.Used = true
	}
	if s.PIN.Epoch < epoch {
		s.PIN = Gen{Epoch: epoch}
		s.Fails, s.Locked = 0, false
	}
	return s
}

// Ver orders the documents of one device: by epoch, then by count.
type Ver struct {
	Epoch int64  `json:"e"`
	N     uint64 `json:"n"`
}

// Newer says whether v was written after w.
func (v Ver) Newer(w Ver) bool {
	if v.Epoch != w.Epoch {
		return v.Epoch > w.Epoch
	}
	return v.N > w.N
}

// Next is the version after v, written in epoch.
func (v Ver) Next(epoch int64) Ver { return Ver{Epoch: max(epoch, v.Epoch), N: v.N + 1} }
