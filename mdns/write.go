package mdns

import (
	"fmt"
	"slices"

	"golang.org/x/net/dns/dnsmessage"
)

// maxReply leaves room for the headers of an Ethernet frame.
const maxReply = 1400

// reply is one message the box sends.
type reply struct {
	id        uint16
	echoed    []question // of plain DNS, which wants its question back
	answers   []*record
	extra     []*record
	forgetful bool // plain DNS: short times, no top bits (RFC 6762 section 6.7)
}

// bytes writes the reply; extras that would make it too large are left out.
func (r reply) bytes() ([]byte, error) {
	b, err := r.write(r.extra)
	if err == nil && len(b) > maxReply {
		b, err = r.write(nil)
	}
	return b, err
}

func (r reply) write(extra []*record) ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: r.id, Response: true, Authoritative: true})
	b.EnableCompression()
	if len(r.echoed) > 0 {
		if err := writeQuestions(&b, r.echoed); err != nil {
			return nil, err
		}
	}
	if err := b.StartAnswers(); err != nil {
		return nil, fmt.Errorf("write mDNS answer: %w", err)
	}
	for _, a := range r.answers {
		if err := r.put(&b, a); err != nil {
			return nil, err
		}
	}
	if err := b.StartAdditionals(); err != nil {
		return nil, fmt.Errorf("write mDNS answer: %w", err)
	}
	for _, e := range extra {
		if err := r.put(&b, e); err != nil {
			return nil, err
		}
	}
	return finish(&b)
}

func (r reply) put(b *dnsmessage.Builder, rec *record) error {
	h := dnsmessage.ResourceHeader{Name: rec.name, Class: dnsmessage.ClassINET, TTL: rec.ttl}
	switch {
	case r.forgetful:
		h.TTL = legacyTTL
	case rec.unique:
		h.Class |= topBit
	}
	return putRecord(b, h, rec.body)
}

// probe asks whether anybody has the names of a zone, and says what the box
// would say of them (RFC 6762 section 8.2).
func (z *zone) probe() ([]byte, error) {
	ask := []question{{name: z.address.name.String(), kind: dnsmessage.TypeALL}}
	want := []*record{z.address}
	for _, s := range z.services {
		ask = append(ask, question{name: s[0].name.String(), kind: dnsmessage.TypeALL})
		want = append(want, s[0])
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{})
	b.EnableCompression()
	if err := writeQuestions(&b, ask); err != nil {
		return nil, err
	}
	if err := b.StartAuthorities(); err != nil {
		return nil, fmt.Errorf("write mDNS probe: %w", err)
	}
	for _, w := range want {
		h := dnsmessage.ResourceHeader{Name: w.name, Class: dnsmessage.ClassINET, TTL: w.ttl}
		if err := putRecord(&b, h, w.body); err != nil {
			return nil, err
		}
	}
	return finish(&b)
}

func writeQuestions(b *dnsmessage.Builder, list []question) error {
	if err := b.StartQuestions(); err != nil {
		return fmt.Errorf("write mDNS question: %w", err)
	}
	for _, q := range list {
		name, err := dnsmessage.NewName(q.name)
		if err == nil {
			err = b.Question(dnsmessage.Question{Name: name, Type: q.kind, Class: dnsmessage.ClassINET})
		}
		if err != nil {
			return fmt.Errorf("write mDNS question %q: %w", q.name, err)
		}
	}
	return nil
}

func putRecord(b *dnsmessage.Builder, h dnsmessage.ResourceHeader, body dnsmessage.ResourceBody) (err error) {
	switch r := body.(type) {
	case *dnsmessage.AResource:
		err = b.AResource(h, *r)
	case *dnsmessage.SRVResource:
		err = b.SRVResource(h, *r)
	case *dnsmessage.TXTResource:
		err = b.TXTResource(h, *r)
	case *dnsmessage.PTRResource:
		err = b.PTRResource(h, *r)
	case *dnsmessage.UnknownResource:
		err = b.UnknownResource(h, *r)
	}
	if err != nil {
		return fmt.Errorf("write mDNS record of %s: %w", h.Name, err)
	}
	return nil
}

func finish(b *dnsmessage.Builder) ([]byte, error) {
	out, err := b.Finish()
	if err != nil {
		return nil, fmt.Errorf("write mDNS message: %w", err)
	}
	return out, nil
}

// gather joins records found for several questions, each once; extras that are
// answers already are left out.
func gather(z *zone, m message) (answers, extra []*record) {
	for _, q := range m.questions {
		a, e := z.answer(q, m.answers)
		answers, extra = append(answers, a...), append(extra, e...)
	}
	answers = once(answers, nil)
	return answers, once(extra, answers)
}

func once(list, but []*record) []*record {
	var out []*record
	for _, r := range list {
		if !slices.Contains(out, r) && !slices.Contains(but, r) {
			out = append(out, r)
		}
	}
	return out
}
