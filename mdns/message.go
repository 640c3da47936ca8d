package mdns

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// Bounds of one packet.
const (
	maxPacket    = 1500
	maxQuestions = 32
	maxClaims    = 64
)

// topBit of a class asks for an answer to the asker alone, in a question, and
// makes readers forget what they knew, in a record (RFC 6762 sections 5.4, 10.2).
const topBit = 1 << 15

// question is one of a packet's.
type question struct {
	name    string // lower case
	kind    dnsmessage.Type
	unicast bool
}

// claim is a record somebody else says there is: in an answer, because he has
// it, or in a probe's authority section, because he wants it.
type claim struct {
	name string // lower case
	kind dnsmessage.Type
	data string
}

// message is what this package reads of a packet.
type message struct {
	id        uint16
	response  bool
	questions []question
	answers   []claim // in a question these are answers the asker knows
	wants     []claim
}

// parse reads a packet. What it cannot read of one it leaves out.
func parse(b []byte) (m message, err error) {
	var p dnsmessage.Parser
	head, err := p.Start(b)
	if err != nil {
		return m, fmt.Errorf("read mDNS header: %w", err)
	}
	if head.OpCode != 0 || head.RCode != 0 { // section 18.3 and 18.11
		return m, fmt.Errorf("read mDNS header: operation %d, code %d", head.OpCode, head.RCode)
	}
	m.id, m.response = head.ID, head.Response
	if m.questions, err = readQuestions(&p); err != nil {
		return m, err
	}
	if m.answers, err = readClaims(p.AnswerHeader, &p, p.SkipAnswer); err != nil {
		return m, err
	}
	m.wants, err = readClaims(p.AuthorityHeader, &p, p.SkipAuthority)
	return m, err
}

// readQuestions reads the first questions and passes over the others.
func readQuestions(p *dnsmessage.Parser) ([]question, error) {
	var list []question
	for {
		q, err := p.Question()
		if err == dnsmessage.ErrSectionDone {
			return list, nil
		}
		if err != nil { // a name this package does not use
			if err = p.SkipQuestion(); err != nil {
				return nil, fmt.Errorf("read mDNS question: %w", err)
			}
			continue
		}
		if len(list) < maxQuestions && q.Class&^topBit == dnsmessage.ClassINET {
			list = append(list, question{strings.ToLower(q.Name.String()), q.Type, q.Class&topBit != 0})
		}
	}
}

// readClaims reads the records of one section that could be about the box.
func readClaims(header func() (dnsmessage.ResourceHeader, error), p *dnsmessage.Parser, skip func() error) ([]claim, error) {
	var list []claim
	for {
		h, err := header()
		if err == dnsmessage.ErrSectionDone {
			return list, nil
		}
		data, known := "", false
		if err == nil && h.TTL > 0 && h.Class&^topBit == dnsmessage.ClassINET { // 0 takes it back
			data, known = readData(h.Type, p)
		}
		if !known {
			if err := skip(); err != nil {
				return nil, fmt.Errorf("read mDNS record: %w", err)
			}
			continue
		}
		if len(list) < maxClaims {
			list = append(list, claim{strings.ToLower(h.Name.String()), h.Type, data})
		}
	}
}

// readData reads the data of a record of a kind the box has; false leaves it to
// be passed over.
func readData(kind dnsmessage.Type, p *dnsmessage.Parser) (string, bool) {
	switch kind {
	case dnsmessage.TypeA:
		r, err := p.AResource()
		return netip.AddrFrom4(r.A).String(), err == nil
	case dnsmessage.TypeSRV:
		r, err := p.SRVResource()
		return srvData(r), err == nil
	case dnsmessage.TypePTR:
		r, err := p.PTRResource()
		return strings.ToLower(r.PTR.String()), err == nil
	}
	return "", false
}

func srvData(r dnsmessage.SRVResource) string {
	return fmt.Sprintf("%s %d", strings.ToLower(r.Target.String()), r.Port)
}
