package sipd

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
)

// route is the way to a peer: where packets go, by what, and from which of the
// box's own ends.
type route struct {
	transport phone.Transport
	to        netip.AddrPort
	local     netip.AddrPort // of UDP: the socket; of streams only what is said in Via
	say       netip.Addr     // the address said in Via and Contact
}

// via is the address said in Via and Contact.
func (r route) via() netip.AddrPort {
	switch {
	case r.say.IsValid():
		return netip.AddrPortFrom(r.say, r.local.Port())
	case r.local.Addr().IsUnspecified():
		return netip.AddrPortFrom(outward(r.to), r.local.Port())
	}
	return r.local
}

// network is the transport in the library's words.
func (r route) network() string { return strings.ToUpper(string(r.transport)) }

// aim puts a request on its way: Via, destination and own socket. A request
// sent again, as with a login, needs a new branch.
func (r route) aim(req *sip.Request) {
	req.RemoveHeader("Via")
	at := r.via()
	via := &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: r.network(), Host: at.Addr().String(), Port: int(at.Port()),
	}
	via.Params.Add("branch", sip.GenerateBranchN(16))
	via.Params.Add("rport", "")
	req.PrependHeader(via)
	req.SetTransport(r.network())
	req.SetDestination(r.to.String())
	if r.transport == phone.UDP {
		req.Laddr = sip.Addr{IP: r.local.Addr().AsSlice(), Port: int(r.local.Port())}
	}
}

// contact is the URI the peer reaches the box by.
func (r route) contact(user string) sip.Uri {
	at := r.via()
	u := sip.Uri{Scheme: "sip", User: user, Host: at.Addr().String(), Port: int(at.Port())}
	if r.transport != phone.UDP {
		u.UriParams.Add("transport", string(r.transport))
	}
	return u
}

// newTag makes a tag, Call-ID or the like: nobody can guess it, so nobody can
// speak for a dialog that is not theirs.
func newTag() string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// request starts the transaction of a request of the box's own.
func (s *Server) request(ctx context.Context, req *sip.Request) (sip.ClientTransaction, error) {
	if !parseAddrPort(req.Destination()).IsValid() {
		return nil, errNoAddress
	}
	if err := s.secure(ctx, req); err != nil {
		return nil, err
	}
	answered := s.asked.note(branchOf(req))
	tx, err := s.client.TransactionRequest(ctx, req)
	if err != nil || !tx.OnTerminate(func(string, error) { answered() }) {
		answered()
	}
	return tx, err
}

// write sends an ACK, which has no transaction.
func (s *Server) write(ctx context.Context, req *sip.Request) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.FailOver)
	defer cancel()
	if s.secure(ctx, req) == nil {
		_ = s.client.WriteRequest(req) // lost, it is sent again with the next 200
	}
}

// do sends a request and gives its final answer.
func (s *Server) do(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	tx, err := s.request(ctx, req)
	if err != nil {
		return nil, err
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			return nil, errors.Join(tx.Err(), errNoAnswer)
		case <-ctx.Done():
			return nil, errNoAnswer
		}
	}
}

var errNoAnswer = errors.New("no answer")

// errNoLogin is returned where a peer asks for a login there is none for.
var errNoLogin = errors.New("asked for a login the box does not have")

// authorize answers a 401 or 407 in the request, which then wants sending
// again.
func authorize(req *sip.Request, res *sip.Response, user string, password phone.Secret) error {
	name, answer := "WWW-Authenticate", "Authorization"
	if res.StatusCode == sip.StatusProxyAuthRequired {
		name, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	if user == "" {
		return errNoLogin
	}
	for _, h := range res.GetHeaders(name) {
		value, err := answerChallenge(h.Value(), string(req.Method), req.Recipient.String(), user, password)
		if err != nil {
			continue
		}
		req.RemoveHeader(answer)
		req.AppendHeader(sip.NewHeader(answer, value))
		req.CSeq().SeqNo++
		return nil
	}
	return errNoLogin
}

// answerChallenge makes the Authorization value for a Digest challenge, MD5 or
// SHA-256 (RFC 8760), with qop=auth or without.
func answerChallenge(challenge, method, uri, user string, password phone.Secret) (string, error) {
	p, err := challengeParams(challenge)
	if err != nil {
		return "", err
	}
	hash := hexMD5
	switch {
	case p["algorithm"] == "" || strings.EqualFold(p["algorithm"], "MD5"):
	case strings.EqualFold(p["algorithm"], "SHA-256"):
		hash = hexSHA256
	default:
		return "", errNoLogin
	}
	ha1, ha2 := hash(user, p["realm"], password.Reveal()), hash(method, uri)
	response, tail := hash(ha1, p["nonce"], ha2), ""
	if p["qop"] != "" {
		cnonce := newTag()
		response = hash(ha1, p["nonce"], "00000001", cnonce, "auth", ha2)
		tail = `, qop=auth, nc=00000001, cnonce="` + cnonce + `"`
	}
	if p["opaque"] != "" {
		tail += `, opaque="` + p["opaque"] + `"`
	}
	if p["algorithm"] != "" {
		tail += ", algorithm=" + p["algorithm"]
	}
	return `Digest username="` + user + `", realm="` + p["realm"] + `", nonce="` + p["nonce"] + `", uri="` + uri +
		`", response="` + response + `"` + tail, nil
}

// challengeParams reads a Digest challenge.
func challengeParams(challenge string) (map[string]string, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(challenge), " ")
	if !ok || !strings.EqualFold(scheme, "digest") || len(challenge) > 2*maxCredentials {
		return nil, errNoLogin
	}
	p := make(map[string]string)
	for rest = strings.TrimSpace(rest); rest != ""; {
		name, value, tail, ok := cutParam(rest)
		if !ok {
			return nil, errNoLogin
		}
		p[strings.ToLower(name)], rest = value, tail
	}
	if q := p["qop"]; q != "" && !hasWord(q, "auth") || p["nonce"] == "" {
		return nil, errNoLogin
	}
	return p, nil
}

func hasWord(list, word string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(one), word) {
			return true
		}
	}
	return false
}

func hexSHA256(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(sum[:])
}
