package sipd

import (
	"context"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// notifyWait is how long a phone may take to answer a NOTIFY.
const notifyWait = 6 * time.Second

// Registered reports that a phone is registered here now.
func (s *Server) Registered(mac phone.MAC) bool {
	_, ok := s.bindings.of(s.dep.Now(), mac)
	return ok
}

// Notify tells a registered phone to fetch its config, by its maker's event. It
// goes where the phone's REGISTER came from, out of the socket it came to: from
// elsewhere phones do not take it. A phone that challenges it is shown the
// holding account's password, which is the only one the two share. It returns
// the phone's answer, or provision.ErrNotRegistered.
func (s *Server) Notify(ctx context.Context, mac phone.MAC, how vendors.Resync) (int, error) {
	b, ok := s.bindings.of(s.dep.Now(), mac)
	if !ok {
		return 0, provision.ErrNotRegistered
	}
	ctx, cancel := context.WithTimeout(ctx, notifyWait)
	defer cancel()
	r := route{transport: b.Transport, to: b.Source, local: b.Local}
	req, err := notification(r, b.Contact, how.Event)
	if err != nil {
		return 0, fmt.Errorf("notify %s: %w", mac, err)
	}
	if how.Active {
		req.ReplaceHeader(sip.NewHeader("Subscription-State", "active"))
	}
	if how.Body != nil {
		kind := sip.ContentTypeHeader(how.BodyType)
		req.AppendHeader(&kind)
		req.SetBody(how.Body(b.CallID))
	}
	r.aim(req)
	res, err := s.do(ctx, req)
	if err == nil && (res.StatusCode == sip.StatusUnauthorized || res.StatusCode == sip.StatusProxyAuthRequired) {
		user := mac.Hex()
		_, password, _ := s.dep.Desk.HoldingAccount(user)
		if err := authorize(req, res, user, password); err != nil {
			return res.StatusCode, nil // its answer says enough
		}
		r.aim(req)
		res, err = s.do(ctx, req)
	}
	if err != nil {
		return 0, fmt.Errorf("notify %s: %w", mac, err)
	}
	return res.StatusCode, nil
}

// notification is a NOTIFY out of any dialog.
func notification(r route, contact, event string) (*sip.Request, error) {
	var target sip.Uri
	if err := sip.ParseUri(contact, &target); err != nil {
		return nil, fmt.Errorf("read contact: %w", err)
	}
	req := sip.NewRequest(sip.NOTIFY, target)
	from := &sip.FromHeader{Address: r.contact("lineside")}
	from.Params.Add("tag", newTag())
	id := sip.CallIDHeader(newTag())
	hops := sip.MaxForwardsHeader(70)
	for _, h := range []sip.Header{
		from, &sip.ToHeader{Address: bare(target)}, &id, &sip.CSeqHeader{SeqNo: 1, MethodName: sip.NOTIFY}, &hops,
		&sip.ContactHeader{Address: r.contact("lineside")},
		sip.NewHeader("Event", event),
		sip.NewHeader("Subscription-State", "terminated;reason=timeout"),
		sip.NewHeader("User-Agent", "Lineside"),
	} {
		req.AppendHeader(h)
	}
	req.SetBody(nil)
	return req, nil
}

// bare is a URI less what must not stand in To and From.
func bare(u sip.Uri) sip.Uri { return sip.Uri{Scheme: u.Scheme, User: u.User, Host: u.Host} }
