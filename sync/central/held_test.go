package central

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// TestHeldIn: what the rules read of a device is the same without the rest of its
// text, whatever boxes and operators have put into it.
func TestHeldIn(t *testing.T) {
	odd := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{`,"body":`, `x","body":{`, `\`, `,\"body\":`}))
	rapid.Check(t, func(r *rapid.T) {
		d := device{
			Held: proto.Held{Home: proto.Site(odd.Draw(r, "home")), Tx: odd.Draw(r, "tx"), Sec: proto.Sec{
				OTP: proto.Gen{Epoch: 1, N: rapid.Uint64().Draw(r, "n"), Mint: odd.Draw(r, "mint")}, Used: true, Fails: 3,
			}},
			Body:    wire.Device{Label: odd.Draw(r, "label")},
			Secrets: map[string][]byte{"pin": []byte("fake")},
		}
		text, err := json.Marshal(d)
		if err != nil {
			r.Fatal(err)
		}
		var whole struct{ proto.Held }
		var got proto.Held
		if err := json.Unmarshal(text, &whole); err != nil {
			r.Fatal(err)
		}
		head := heldIn(text)
		if err := json.Unmarshal(head, &got); err != nil {
			r.Fatalf("read %s: %v", head, err)
		}
		if got != whole.Held {
			r.Errorf("got %+v, want %+v", got, whole.Held)
		}
		if len(head) >= len(text)-len(`"body":{}`) {
			r.Errorf("%d of %d bytes are looked through, want the rules' part alone", len(head), len(text))
		}
	})
}
