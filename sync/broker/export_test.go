package broker

// What tests of the journal's form need.
var (
	Frame   = frame
	Unframe = unframe
)
