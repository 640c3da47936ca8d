package provision_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// TestThePlatformsNumbersCountAtOnce: numbers and SBC of the platform are in the
// next config and at the SIP service, also where the config before was kept, and
// an override that loses one is told; taken back, they are gone.
func TestThePlatformsNumbersCountAtOnce(t *testing.T) {
	s := newStudio(t)
	taken := make(chan phone.Site, 1)
	ctx, stop := context.WithCancel(t.Context())
	followed := make(chan error, 1)
	go func() { followed <- s.FollowSite(ctx, func(now phone.Site) { taken <- now }) }()
	defer func() {
		stop()
		if err := <-followed; err != nil {
			t.Error(err)
		}
	}()
	if err := s.override(t, t46, "phone_setting.emergency.number", "112"); err != nil {
		t.Fatal(err)
	}
	has := func(want bool) {
		t.Helper()
		for range 2 { // the second is from the cache
			if got := strings.Contains(string(s.fetch(t, t48.Hex()+".cfg", "10.20.0.48").Body), "999"); got != want {
				t.Errorf("the config names 999: got %v, want %v", got, want)
			}
		}
	}
	has(false)
	said := provision.SitePolicy{Rules: auth.SaidRules{FirstContact: auth.FactorOTP, Window: auth.SiteWindow}, Emergency: []string{"112", "999"}, SBC: "sbc.example.net"}
	if err := s.PutPlatformPolicy(t.Context(), said); err != nil {
		t.Fatal(err)
	}
	has(true)
	if now := <-taken; !slices.Equal(now.Emergency, []string{"112", "999"}) || now.SBC != "sbc.example.net" {
		t.Errorf("told the SIP service %+v, want both numbers and the SBC", now)
	}
	if err := s.DropPlatformPolicy(t.Context()); err != nil {
		t.Fatal(err)
	}
	has(false)
	// The first change has been seen to by the time the second is told.
	if now := <-taken; !slices.Equal(now.Emergency, []string{"112"}) || now.SBC != "" {
		t.Errorf("told the SIP service %+v, want what the settings say", now)
	}
	said.Rules.AutoApprove = true
	said.Emergency, said.SBC = nil, ""
	if err := s.PutPlatformPolicy(t.Context(), said); err != nil {
		t.Fatal(err)
	}
	if err := s.Disown(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case now := <-taken:
		t.Errorf("told %+v where neither numbers nor SBC changed, want nothing", now)
	default:
	}
}

// TestTheirNumbersAreLookedFor: a template and an override that lose a number of
// the platform's are found when it comes, not at the next start.
func TestTheirNumbersAreLookedFor(t *testing.T) {
	s := newStudio(t)
	s.write(t, "yealink-T48G.conf", "phone_setting.emergency.number = 112\n")
	if out := s.load(t); len(out.Faults) > 0 {
		t.Fatalf("got %+v, want the template in force", out)
	}
	if err := s.override(t, t46, "phone_setting.emergency.number", "112"); err != nil {
		t.Fatal(err)
	}
	seen := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	followed := make(chan error, 1)
	go func() { followed <- s.FollowSite(ctx, func(phone.Site) { seen <- struct{}{} }) }()
	for _, numbers := range [][]string{{"999"}, {"999", "911"}} {
		if err := s.PutPlatformPolicy(t.Context(), provision.SitePolicy{Rules: auth.SaidRules{FirstContact: auth.FactorOTP}, Emergency: numbers}); err != nil {
			t.Fatal(err)
		}
		<-seen
	}
	stop()
	if err := <-followed; err != nil {
		t.Fatal(err)
	}
	if got := s.LostNumbers(t46); len(got) == 0 || got[0].Number != "999" {
		t.Errorf("the override: got %+v, want 999 lost", got)
	}
	if got := string(s.fetch(t, t48.Hex()+".cfg", "10.20.0.48").Body); !strings.Contains(got, "112,999,911") {
		t.Errorf("the template still rules, want it out of force:\n%s", got)
	}
}
