package site

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/sync/wire"
)

// Act asks the platform for what it alone may do to a device. Nil says that it
// is done and its word on the way. Else nothing was done (ErrPlatformAway,
// ErrPlatformNo of provision), or it is not known (ErrPlatformDoubt).
func (s *Site) Act(ctx context.Context, a wire.Act) error {
	conn := s.connected()
	if conn == nil {
		return provision.ErrPlatformAway
	}
	a.By = clip(a.By)
	r, err := s.ask(ctx, conn, wire.Request{V: wire.Version, ID: rand.Text(), Act: &a}, s.cfg.ConfirmWait)
	var no refusal
	switch {
	case errors.As(err, &no) && no.Reason == wire.Malformed:
		return fmt.Errorf("%w: it is of a version that does not do this for boxes; have it done there", provision.ErrPlatformNo)
	case errors.As(err, &no):
		return fmt.Errorf("%w: %s", provision.ErrPlatformNo, no.Text)
	case err != nil:
		return fmt.Errorf("%w: %w", provision.ErrPlatformDoubt, err)
	case r.Act == nil:
		return provision.ErrPlatformDoubt
	case r.Act.No != "":
		return fmt.Errorf("%w: %s", provision.ErrPlatformNo, r.Act.No)
	}
	s.poke() // its hint may be lost
	s.Changed()
	return nil
}

// clip leaves of an operator's name what an act carries.
func clip(name string) string {
	const most = 64
	var kept []byte
	for _, r := range name {
		if c := string(r); r >= ' ' && r != 0x7f && len(kept)+len(c) <= most {
			kept = append(kept, c...)
		}
	}
	return string(kept)
}
