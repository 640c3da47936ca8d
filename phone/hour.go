package phone

import "time"

// Hour is what phones were given within one hour. It is for operators only and
// decides nothing, so the last minute of it may be lost in a power cut.
type Hour struct {
	Start time.Time `json:"start"`
	// Full counts full configs given, Holding configs to enter a PIN with,
	// Challenged requests to sign in, Refused those that got nothing.
	Full       int `json:"full"`
	Holding    int `json:"holding"`
	Challenged int `json:"challenged"`
	Refused    int `json:"refused"`
	// Enrolled counts devices that used a new login of their own for the first
	// time: each is a phone brought to life.
	Enrolled int `json:"enrolled"`
}

// Add gives the sum of two, from the start of h.
func (h Hour) Add(o Hour) Hour {
	h.Full += o.Full
	h.Holding += o.Holding
	h.Challenged += o.Challenged
	h.Refused += o.Refused
	h.Enrolled += o.Enrolled
	return h
}
