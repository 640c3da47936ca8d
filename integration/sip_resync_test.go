package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// resyncChallenged has the phone told to fetch while nobody is at its port: it is
// told again when it registers next. Then it challenges the NOTIFY, as makers'
// phones do out of the box, and sipp holds the login against the holding account.
func resyncChallenged(t *testing.T, l *sipLab) string {
	l.account(t)
	l.registers(t)
	if _, err := l.client.Resync(t.Context(), admin.ResyncInput{MACs: []phone.MAC{l.mac}}); err != nil {
		t.Fatal(err)
	}
	l.wantStep(t, "was told to fetch its config and did not answer; it is told again when it registers next")
	l.registers(t)
	out, err := l.phone.Try(sipWait, "sipp", "-sf", "testdata/sip_notify_challenged.xml", "-set", "user", l.user, "-set", "password", l.password,
		"-i", l.at, "-p", fmt.Sprint(registeredPort), "-m", "1", "-nostdin", "-timeout", "20")
	if err != nil {
		t.Errorf("NOTIFY: %v\n%s", err, tail(out))
	}
	l.wantLastStep(t, "was told to fetch its config")
	return "told again at the next REGISTER; 401 answered with the holding account"
}

// wantLastStep waits for a line of the running account that ends so.
func (l *sipLab) wantLastStep(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sipWait)
	defer cancel()
	var last string
	for step, err := range l.client.Watch(ctx, l.mac, true) {
		if err != nil {
			break
		}
		if last = step.Text; strings.HasSuffix(last, text) {
			return
		}
	}
	t.Errorf("the last step is %q, want one that ends with %q", last, text)
}
