package portal

import (
	"net/http"
	"sync"
	"testing"
)

// TestPolicyTogether: operators who change different parts of one policy at the
// same moment take back nothing of each other's.
func TestPolicyTogether(t *testing.T) {
	l := newLab(t)
	for _, path := range []string{V1 + "/policy", V1 + "/sites/" + l.joined("Berlin") + "/policy"} {
		for range 10 {
			l.want(200, "PATCH", path, map[string]any{"first_contact": "pin", "otp_offline": "deny", "sbc": "", "block_after": 3}, nil)
			var all sync.WaitGroup
			for _, part := range []map[string]any{{"first_contact": "otp"}, {"otp_offline": "allow"}, {"sbc": "sbc.example.net"}, {"block_after": 7}} {
				all.Go(func() {
					if w := l.send("PATCH", path, part); w.Code != http.StatusOK {
						t.Errorf("%v: got %d %s, want 200", part, w.Code, w.Body)
					}
				})
			}
			all.Wait()
			var p Policy
			l.want(200, "GET", path, nil, &p)
			if p.FirstContact != "otp" || p.OTPOffline != "allow" || p.SBC != "sbc.example.net" || p.BlockAfter != 7 {
				t.Fatalf("%s: got %+v, want all four changes", path, p)
			}
		}
	}
}
