package sipd

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Patience of a call that is being set up.
const (
	confirmWait = 32 * time.Second // for the ACK of an answer, 64*T1
	firstResend = 500 * time.Millisecond
	mostResend  = 4 * time.Second
	lookBroken  = 100 * time.Millisecond // between looks at whether the connection still stands
)

var (
	errCancelled = errors.New("the caller hung up")
	errSilent    = errors.New("nothing was heard in time")
	errBroken    = errors.New("the connection broke")
	errUnmet     = errors.New("it rang and nobody answered")
	errMute      = errors.New("answered without sound")
)

// forwarding is an INVITE of one side on its way to the other.
type forwarding struct {
	s        *Server
	from, to *leg
	req      *sip.Request          // as it came
	tx       sip.ServerTransaction // of it
	invite   *sip.Request          // as it goes on
	gone     <-chan struct{}       // closed when the caller cancels
	silence  time.Duration         // how long the other side may say nothing
	trying   time.Duration         // and how long nothing but that it is on its way, from the INVITE on
	others   bool                  // who may be asked next: it does not ring for ever

	early func(*sip.Response) // takes what is provisional; nil passes it on
	out   sip.ClientTransaction
	sent  time.Time // when the INVITE was
	heard bool      // something provisional came: it may be cancelled
	rang  time.Time // when it first rang or sounded
	sound bool      // something provisional described the other side's sound
	shown bool      // a login was shown

	reused bool // its connection was there before
	within bool // it changes a call that stands, and ends none
}

// run sends the INVITE and gives the final answer: an error is errCancelled, or
// that there was none.
func (f *forwarding) run(ctx context.Context) (*sip.Response, error) {
	if err := f.send(ctx); err != nil {
		return nil, err
	}
	wait := time.NewTimer(f.silence)
	defer wait.Stop()
	look := time.NewTicker(lookBroken)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if f.broke() {
				return nil, errBroken
			}
		case res := <-f.out.Responses():
			final, err := f.heed(ctx, res, wait)
			if final || err != nil {
				return res, err
			}
		case <-f.out.Done():
			return nil, errors.Join(errSilent, f.out.Err())
		case <-wait.C:
			f.abandon()
			if !f.rang.IsZero() {
				return nil, errUnmet
			}
			return nil, errSilent
		case <-f.gone:
			f.abandon()
			return nil, errCancelled
		case <-ctx.Done():
			return nil, errSilent
		}
	}
}

// How long a call rings. The telephone network itself takes a call back that
// nobody answers after T9, 90 seconds at the least (ITU-T Q.764): who has another
// SBC to ask asks it then. Where there is none it rings longer than anybody waits.
const (
	ringsFor  = 90 * time.Second
	ringsLast = time.Hour
)

// patience is how much longer the other side is waited for. Only that it rings, or
// can be heard, is worth more than the time for its way on: RFC 3261 section 21.1
// has 181, 182 and 183 say no more than that the call is being seen to, which an
// SBC may say whose own way is dead.
func (f *forwarding) patience() time.Duration {
	switch {
	case f.rang.IsZero():
		return f.trying - time.Since(f.sent)
	case f.others:
		return ringsFor - time.Since(f.rang)
	}
	return ringsLast - time.Since(f.rang)
}

// send starts the transaction. A connection has to be there as soon as an
// answer.
func (f *forwarding) send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.silence)
	defer cancel()
	f.reused = f.s.linked(f.to.transport, f.to.to)
	out, err := f.s.request(ctx, f.invite)
	if err != nil {
		return errors.Join(errSilent, err)
	}
	f.out, f.sent = out, time.Now()
	return nil
}

// heed takes one answer; final says that it is the one to pass on.
func (f *forwarding) heed(ctx context.Context, res *sip.Response, wait *time.Timer) (final bool, err error) {
	switch {
	case res.StatusCode == sip.StatusTrying:
		// It is hop by hop (RFC 3261 section 17.2.1): the SBC
		// lives, but nobody behind it has been heard. That is worth as much time
		// again, for its own way on, and not more; the caller waits.
		f.heard = true
		wait.Reset(f.patience())
	case res.IsProvisional():
		f.heard = true
		f.sound = f.sound || describesSound(res)
		if f.rang.IsZero() && (res.StatusCode == sip.StatusRinging || f.sound) {
			f.rang = time.Now()
		}
		wait.Reset(f.patience())
		f.progress(res)
	case (res.StatusCode == sip.StatusUnauthorized || res.StatusCode == sip.StatusProxyAuthRequired) && f.to.sbc && !f.shown:
		f.shown = true
		if authorize(f.invite, res, f.s.cfg.User, f.s.cfg.Password) != nil {
			return true, nil
		}
		f.to.spent(f.invite)
		f.to.aim(f.invite)
		wait.Reset(f.silence)
		return false, f.send(ctx)
	default:
		return true, nil
	}
	return false, nil
}

// mute reports an answer that leaves its caller in silence: it offered its sound
// with the INVITE, and neither the answer nor anything before describes the other
// side's.
func (f *forwarding) mute(res *sip.Response) bool {
	return describesSound(f.invite) && !f.sound && !describesSound(res)
}

// describesSound reports that a message holds SDP, by itself or among other parts.
func describesSound(m sip.Message) bool {
	kind := headerText(m, "Content-Type")
	return len(m.Body()) > 0 && (kind == "" || isSDP(kind) || strings.HasPrefix(strings.ToLower(strings.TrimSpace(kind)), "multipart/"))
}

// reject hangs an answer up that will not do.
func (f *forwarding) reject(res *sip.Response) {
	f.to.establish(res)
	f.s.acknowledge(f, nil)
	f.s.background(func(ctx context.Context) { f.s.sendBYE(ctx, f.to) })
}

// progress passes ringing and early media on.
func (f *forwarding) progress(res *sip.Response) {
	f.to.establish(res)
	if f.early != nil {
		f.early(res)
		return
	}
	up := f.from.answer(f.req, res.StatusCode, res.Reason)
	carry(res, up)
	f.s.reply(f.tx, up)
}

// abandon ends an INVITE nobody waits for any more. It may be cancelled only
// once something was heard (RFC 3261 section 9.1), and may be answered all the
// same: then it is hung up, unless it was within a call, which goes on (section
// 14.1): there the answer is confirmed and no more.
func (f *forwarding) abandon() {
	out, invite, to, heard, within := f.out, f.invite, f.to, f.heard, f.within
	done := f.s.calls.winding()
	f.s.background(func(ctx context.Context) {
		defer done()
		wait := time.NewTimer(confirmWait)
		defer wait.Stop()
		defer out.Terminate()
		if heard {
			f.s.sendCancel(ctx, invite)
		}
		for {
			select {
			case res := <-out.Responses():
				switch {
				case res.IsProvisional() && !heard:
					heard = true
					f.s.sendCancel(ctx, invite)
				case res.IsSuccess():
					to.establish(res)
					f.s.sendACK(to, nil)
					if !within {
						f.s.sendBYE(ctx, to)
					}
					return
				case !res.IsProvisional():
					return
				}
			case <-out.Done():
				return
			case <-wait.C:
				return
			case <-ctx.Done():
				return
			}
		}
	})
}

// sendCancel cancels an INVITE of ours: same request line, branch and CSeq
// number.
func (s *Server) sendCancel(ctx context.Context, invite *sip.Request) {
	req := sip.NewRequest(sip.CANCEL, invite.Recipient)
	for _, h := range []sip.Header{sip.HeaderClone(invite.Via()), sip.HeaderClone(invite.From()), sip.HeaderClone(invite.To()), sip.HeaderClone(invite.CallID())} {
		req.AppendHeader(h)
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	sip.CopyHeaders("Route", invite, req)
	req.SetTransport(invite.Transport())
	req.SetDestination(invite.Destination())
	req.Laddr = invite.Laddr
	req.SetBody(nil)
	s.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, confirmWait)
		defer cancel()
		_, _ = s.do(ctx, req) // what matters is the INVITE's own answer
	})
}

// sendACK confirms the answer to our INVITE, with the body of the ACK of the
// other side where there is one. It gives the ACK, to be sent again.
func (s *Server) sendACK(l *leg, of *sip.Request) *sip.Request {
	ack := l.request(sip.ACK)
	if of != nil {
		carry(of, ack)
	}
	s.write(s.context(), ack)
	return ack
}

// sendBYE ends a leg at its peer.
func (s *Server) sendBYE(ctx context.Context, l *leg) {
	ctx, cancel := context.WithTimeout(ctx, notifyWait)
	defer cancel()
	_, _ = s.do(ctx, l.request(sip.BYE)) // who does not answer has gone
}

// connected passes the answer on, waits for its ACK and passes that on too. A call
// that stood before is not hung up for want of one: a CANCEL that crosses the answer
// has no effect (RFC 3261 section 9.2), and who has gone says so by BYE.
func (s *Server) connected(req *sip.Request, tx sip.ServerTransaction, f *forwarding, res *sip.Response) {
	f.to.establish(res)
	ok := f.from.answer(req, res.StatusCode, res.Reason)
	carry(res, ok)
	again := f.watch()
	s.calls.reach(f.from.place, answered)
	f.from.up.Store(true)
	f.to.up.Store(true)
	ack, err := s.confirm(tx, ok, f.from, f.gone)
	if err != nil && f.within {
		s.sendACK(f.to, nil)
		return
	}
	if err != nil { // it never confirmed: both sides are hung up
		s.sendACK(f.to, nil)
		s.background(func(ctx context.Context) { s.sendBYE(ctx, f.to) })
		s.background(func(ctx context.Context) { s.sendBYE(ctx, f.from) })
		f.from.over()
		return
	}
	s.calls.reach(f.from.place, confirmed)
	s.keepACK(f, again, s.sendACK(f.to, ack))
}

// acknowledge confirms the answer to an INVITE of ours at once.
func (s *Server) acknowledge(f *forwarding, of *sip.Request) {
	s.keepACK(f, f.watch(), s.sendACK(f.to, of))
}

// watch tells of answers that come again: their ACK was lost.
func (f *forwarding) watch() <-chan struct{} {
	again := make(chan struct{}, 1)
	if c, is := f.out.(*sip.ClientTx); is {
		c.OnRetransmission(func(*sip.Response) {
			select {
			case again <- struct{}{}:
			default:
			}
		})
	}
	return again
}

// keepACK sends an ACK again with each answer that comes again.
func (s *Server) keepACK(f *forwarding, again <-chan struct{}, sent *sip.Request) {
	out := f.out
	s.background(func(ctx context.Context) {
		for {
			select {
			case <-again:
				s.write(ctx, sent)
			case <-out.Done():
				return
			case <-ctx.Done():
				return
			}
		}
	})
}

// confirm sends an answer until its ACK comes, and gives that. The error is
// errCancelled where gone was closed first.
func (s *Server) confirm(tx sip.ServerTransaction, ok *sip.Response, l *leg, gone <-chan struct{}) (*sip.Request, error) {
	s.reply(tx, ok)
	resend, pause := time.NewTimer(firstResend), firstResend
	defer resend.Stop()
	end := time.NewTimer(confirmWait)
	defer end.Stop()
	for {
		select {
		case ack := <-l.acks:
			if ack.CSeq().SeqNo == ok.CSeq().SeqNo { // else it confirms an earlier answer once more
				return ack, nil
			}
		case ack := <-tx.Acks():
			return ack, nil
		case <-resend.C:
			pause = min(2*pause, mostResend)
			resend.Reset(pause)
			_ = tx.Respond(ok) // lost again, it is sent again
		case <-gone:
			return nil, errCancelled
		case <-end.C:
			return nil, errNoAnswer
		case <-s.context().Done():
			return nil, errNoAnswer
		}
	}
}
