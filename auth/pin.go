package auth

import "time"

// PINResult says what became of a PIN.
type PINResult struct {
	// Accepted says that it was right.
	Accepted bool
	// Looked says that it was compared at all: no PIN is while the device is
	// failed or blocked, nor for one already successful.
	Looked bool
	State  State
	// Left is how many tries remain until a lock-out; Until when one ends.
	Left  int
	Until time.Time
}
