package wire

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
)

// Envelope is an answer as it travels.
type Envelope struct {
	Reply []byte `json:"reply"`
	Sig   []byte `json:"sig"`
}

// ErrVersion says that a message is of a version not understood here.
var ErrVersion = errors.New("protocol version not understood")

// ReadRequest reads what a site sent. A message of another version is told by
// ErrVersion with its ID and version read, so that it can be answered.
func ReadRequest(b []byte) (Request, error) {
	if len(b) > MaxBytes {
		return Request{}, fmt.Errorf("read request: %d bytes are more than %d", len(b), MaxBytes)
	}
	var r Request
	errRead := json.Unmarshal(b, &r)
	head := struct {
		V  int    `json:"v"`
		ID string `json:"id"`
	}{r.V, r.ID}
	if errRead != nil { // what is of another version may mean other things by the same names
		if err := json.Unmarshal(b, &head); err != nil {
			return Request{}, fmt.Errorf("read request: %w", err)
		}
	}
	if head.V < Oldest || head.V > Version {
		return Request{V: head.V, ID: head.ID}, fmt.Errorf("read request: version %d: %w", head.V, ErrVersion)
	}
	if errRead != nil {
		return Request{}, fmt.Errorf("read request: %w", errRead)
	}
	if err := r.check(); err != nil {
		return Request{V: r.V, ID: r.ID}, fmt.Errorf("read request: %w", err)
	}
	return r, nil
}

func (r Request) check() error {
	parts := 0
	for _, set := range []bool{r.Hello != nil, r.Pull != nil, r.Push != nil, r.Confirm != nil, r.Act != nil} {
		if set {
			parts++
		}
	}
	if parts != 1 {
		return fmt.Errorf("got %d parts, want one of hello, pull, push, confirm, act", parts)
	}
	if r.ID == "" || len(r.ID) > 64 {
		return fmt.Errorf("got an ID of %d characters, want 1 to 64", len(r.ID))
	}
	if r.Act != nil {
		return r.Act.check()
	}
	if err := r.checkNames(); err != nil {
		return err
	}
	if r.Hello != nil && len(r.Hello.Burns) > proto.MaxBurns {
		return fmt.Errorf("got %d burns, want at most %d", len(r.Hello.Burns), proto.MaxBurns)
	}
	if r.Push == nil {
		return nil
	}
	if len(r.Push.Items) > MaxItems || len(r.Push.Events) > MaxEvents {
		return fmt.Errorf("got %d items and %d events, want at most %d and %d",
			len(r.Push.Items), len(r.Push.Events), MaxItems, MaxEvents)
	}
	for _, e := range r.Push.Events {
		if n := len(e.Kind) + len(e.MAC) + len(e.Facts); n > MaxEvent {
			return fmt.Errorf("got an event of %d bytes, want at most %d", n, MaxEvent)
		}
	}
	return nil
}

// maxName is the longest of what a box names by lot: its are of 26 letters.
const maxName = 64

// checkNames bounds what the platform keeps as the box wrote it.
func (r Request) checkNames() error {
	var names []string
	switch {
	case r.Hello != nil:
		names = append(names, r.Hello.Incarnation)
	case r.Confirm != nil:
		names = append(names, r.Confirm.Tx, r.Confirm.OTP.Mint)
	case r.Push != nil:
		names = append(names, r.Push.Incarnation)
		for _, e := range r.Push.Events {
			names = append(names, e.Kind, e.MAC)
		}
		for _, it := range r.Push.Items {
			names = append(names, it.Sec.OTP.Mint, it.Sec.PIN.Mint)
		}
	}
	for _, n := range names {
		if len(n) > maxName {
			return fmt.Errorf("got a name of %d bytes, want at most %d", len(n), maxName)
		}
	}
	return nil
}

// SignReply puts an answer into the envelope for one site's one request.
func SignReply(s seal.Signer, site string, r Reply) ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write reply: %w", err)
	}
	out, err := json.Marshal(Envelope{Reply: b, Sig: s.Sign(replyScope(site, r.ID), b)})
	if err != nil {
		return nil, fmt.Errorf("write reply: %w", err)
	}
	return out, nil
}

// Open reads an answer to the request named. Nothing of it is believed that
// the platform did not sign for this site and this request.
func Open(v seal.Verifier, site, id string, b []byte) (Reply, error) {
	if len(b) > 2*MaxBytes {
		return Reply{}, fmt.Errorf("read reply: %d bytes are more than %d", len(b), 2*MaxBytes)
	}
	var e Envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return Reply{}, fmt.Errorf("read reply: %w", err)
	}
	if err := v.Verify(replyScope(site, id), e.Reply, e.Sig); err != nil {
		return Reply{}, fmt.Errorf("read reply: %w", err)
	}
	var r Reply
	if err := json.Unmarshal(e.Reply, &r); err != nil {
		return Reply{}, fmt.Errorf("read reply: %w", err)
	}
	if r.ID != id {
		return Reply{}, fmt.Errorf("read reply: it answers %q, want %q", r.ID, id)
	}
	return r, nil
}

// replyScope keeps an answer to one site's one request. Neither name holds a
// line feed: sites are named by Subject's rules, and a request's ID that holds
// one only makes the box's own answer unreadable.
func replyScope(site, id string) string { return replyContext + "\n" + site + "\n" + id }
