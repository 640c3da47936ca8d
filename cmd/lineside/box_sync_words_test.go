package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// TestWhitelistedInWords: an address that no phone's PIN makes whitelisted is
// not said to wait for one.
func TestWhitelistedInWords(t *testing.T) {
	later := time.Now().Add(time.Hour)
	const why = "10.0.0.1 is a private address, which many networks have"
	for name, tt := range map[string]struct {
		is   wire.Whitelisting
		want string
	}{
		"no address":        {wire.Whitelisting{}, ""},
		"for good":          {wire.Whitelisting{Address: "10.0.0.1", Permanent: true, Why: why}, "whitelisted for good"},
		"for a while":       {wire.Whitelisting{Address: "192.0.2.1", Until: later}, "whitelisted until " + later.UTC().Format("15:04")},
		"an operator's":     {wire.Whitelisting{Address: "10.0.0.1", Until: later, Why: why}, "whitelisted until " + later.UTC().Format("15:04")},
		"not yet":           {wire.Whitelisting{Address: "192.0.2.1"}, "not whitelisted; the next phone that shows its PIN makes it so"},
		"never":             {wire.Whitelisting{Address: "10.0.0.1", Why: why}, "not whitelisted: " + why},
		"never, and it was": {wire.Whitelisting{Address: "10.0.0.1", Why: why, Until: later.Add(-2 * time.Hour)}, "not whitelisted: " + why},
	} {
		if got := whitelisted(tt.is, time.UTC); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// TestTriesOf: what the box has counted of wrong PINs goes to the rules with the
// PIN it was for; the site's own devices are nobody else's matter.
func TestTriesOf(t *testing.T) {
	rec := func(last byte, managed bool, e auth.Enrolment) auth.Record {
		return auth.Record{Device: phone.Device{MAC: phone.MAC{0, 0x15, 0x65, 0, 0, last}}, Enrolment: e,
			Platform: auth.Platform{Managed: managed, PIN: auth.Minting{Epoch: 7, N: 2}}}
	}
	got := triesOf([]auth.Record{
		rec(1, true, auth.Enrolment{Fails: 2, LockOuts: 1}),
		rec(2, true, auth.Enrolment{State: auth.Blocked, LockOuts: 3}),
		rec(3, true, auth.Enrolment{}),
		rec(4, false, auth.Enrolment{Fails: 2}),
	})
	want := []site.Tries{
		{ID: "device/001565000001", PIN: proto.Gen{Epoch: 7, N: 2}, Fails: 5},
		{ID: "device/001565000002", PIN: proto.Gen{Epoch: 7, N: 2}, Fails: 9, Locked: true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestOfflineLimitIsTold: who allows one-time passwords while the platform is
// away reads in the status what that costs, and nobody else does.
func TestOfflineLimitIsTold(t *testing.T) {
	for _, allowed := range []bool{true, false} {
		var b strings.Builder
		writeLink(&b, &admin.PlatformLink{Joined: true, Name: "Branch 7", State: "linked", OTPOffline: allowed}, time.Now(), time.UTC)
		if got := strings.Contains(b.String(), "one may count twice if this box's whole disk is put back"); got != allowed {
			t.Errorf("otp_offline %v: told %v in\n%s", allowed, got, b.String())
		}
	}
}
