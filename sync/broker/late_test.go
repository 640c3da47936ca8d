package broker

import (
	"context"
	"encoding/base64"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/lineside/lineside/sync/central"
)

// TestLate: a question about a connection is not answered, nor the platform
// asked, when whoever asks has given up.
func TestLate(t *testing.T) {
	for name, tt := range map[string]struct {
		age   time.Duration
		asked int
	}{"at once": {0, 1}, "within three seconds": {3 * time.Second, 1}, "late": {6 * time.Second, 0}} {
		t.Run(name, func(t *testing.T) {
			box, _ := nkeys.CreateUser()
			server, _ := nkeys.CreateServer()
			user, _ := nkeys.CreateUser()
			public, _ := box.PublicKey()
			userPublic, _ := user.PublicKey()
			sig, _ := box.Sign([]byte("nonce"))
			q := jwt.NewAuthorizationRequestClaims("AUTH")
			q.UserNkey, q.Server.ID = userPublic, "S"
			q.ClientInformation = jwt.ClientInformation{Kind: "Client", Nonce: "nonce", Host: "203.0.113.7"}
			q.ConnectOptions = jwt.ConnectOptions{Name: "site1", Nkey: public, SignedNonce: base64.RawURLEncoding.EncodeToString(sig)}
			text, err := q.Encode(server)
			if err != nil {
				t.Fatal(err)
			}
			keeper := &counting{}
			d := newDoor(1000)
			b := &Broker{log: slog.New(slog.DiscardHandler), door: d, fronts: newFronts(nil, d, nil, nil), cfg: Config{Expiry: time.Hour}}
			by, _ := b.keys.pair(issuer)
			c := &callout{b: b, p: keeper, issuer: by, recent: newRecent(), kick: func(place) {}, timeout: time.Second,
				now: func() time.Time { return time.Now().Add(tt.age) }}
			c.answer(t.Context(), &nats.Msg{Data: []byte(text), Reply: "x"})
			if keeper.asked != tt.asked {
				t.Errorf("the platform was asked %d times, want %d", keeper.asked, tt.asked)
			}
			if late := b.Counts().Late; late != uint64(1-tt.asked) {
				t.Errorf("got %d late, want %d", late, 1-tt.asked)
			}
		})
	}
}

// counting lets everybody in.
type counting struct{ asked int }

func (c *counting) Admit(_ context.Context, q central.Connection) (string, error) {
	c.asked++
	return q.Site, nil
}

func (c *counting) Connected(context.Context, []central.Connection) error { return nil }
func (c *counting) OnRevoke(func(string))                                 {}
