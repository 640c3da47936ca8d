package admin_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/pages"
	"github.com/lineside/lineside/phone"
)

// oneAdmin is somebody who has signed in. The pages ask no more of who looks at
// them here than who it is.
type oneAdmin struct{ pages.People }

func (oneAdmin) NeedsSetUp() bool { return false }

func (oneAdmin) Who(phone.Secret, bool) (accounts.Person, bool) {
	return accounts.Person{Name: "ada", Role: auth.Admin}, true
}

// BenchmarkPages makes whole pages of a site with 10,000 devices while 1,000
// things a minute happen to them. Each has to take less than 50 ms.
func BenchmarkPages(b *testing.B) {
	s := newSite(b, 10_000, 1000)
	s.lease(b)
	s.ticketAll(b)
	site := func() phone.Site { return phone.Site{Name: "Branch", Zone: "Europe/Berlin"} }
	p, err := pages.New(pages.Config{}, pages.Deps{API: s.srv.For, People: oneAdmin{}, Site: site, Log: slog.New(slog.DiscardHandler), Metrics: metrics.New()})
	if err != nil {
		b.Fatal(err)
	}
	one := "/devices/" + s.macs[4711].String()
	for _, path := range []string{
		"/", "/devices", "/devices?from=9950", "/devices?q=anna+m%C3%BCller", "/devices?q=zzz", "/devices?q=00:15:65:00:1f", "/devices?sort=owner&down=1",
		"/devices?sort=seen", "/leases", "/leases?q=anna+m%C3%BCller&sort=host", "/devices?state=needed&vendor=snom&fact=unseen", "/tickets", "/tickets?from=9950", "/devices/add", one, one + "/edit", one + "/config",
	} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "https://box"+path, nil)
				r.Header.Set("Cookie", "__Host-lineside=0123456789abcdef")
				w := httptest.NewRecorder()
				if p.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatalf("got %d, want 200: %.2000s", w.Code, w.Body)
				}
			}
		})
	}
}

// ticketAll makes every device a ticket; every fourth waits for approval.
func (s *site) ticketAll(t testing.TB) {
	t.Helper()
	n := 0
	_, err := s.store.Change(t.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
		n++
		old.Enrolment = auth.MakeTicket(time.Now(), old.Enrolment, auth.Ticket{User: "u" + old.Device.MAC.Hex(), Password: phone.NewSecret("PLANTED4711"), Approval: true}, time.Hour)
		if n%4 == 0 {
			old.Enrolment.Ticket.State = auth.TicketAwaiting
		}
		return &old, nil, nil
	}, s.macs...)
	if err != nil {
		t.Fatal(err)
	}
}
