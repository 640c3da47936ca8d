package provision_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// add has an operator set up a phone.
func (s *site) add(p *handset) {
	life := s.number()
	sip := fmt.Sprintf("fake-sip-%d-password", life)
	rec, err := s.desk.Add(s.rt.Context(), operator, phone.Device{
		MAC: p.mac, Vendor: p.vendor, Label: fmt.Sprint("Desk ", p.n), PlainTFTP: p.plain,
		Lines: []phone.Line{{Registrar: "sip.example.net", User: fmt.Sprint(1000 + p.n), Password: phone.NewSecret(sip)}},
	})
	if s.acted("sets up "+p.String(), err) {
		c := claim{known: true, life: life, sip: sip, pin: rec.Enrolment.PIN.Reveal()}
		c.rearm(s.number(), false)
		s.claims[p.mac] = c
		s.secrets[sip] = custody{p.mac, life}
	}
}

// acted tells of an operator's act, and reports that it was acknowledged.
func (s *site) acted(what string, err error) bool {
	switch {
	case errors.Is(err, errDied):
		s.say("an operator %s: no answer, the box died", what)
	case errors.Is(err, provision.ErrTicketDemanded):
		s.say("an operator %s: %v", what, err)
	case err != nil:
		s.broken(answering, "an operator %s: %v", what, err)
	case s.gate.hit:
		s.broken(onDisk, "an operator %s, was told that it is done, and it never was on disk", what)
	default:
		s.say("an operator %s", what)
		return true
	}
	return false
}

// operatorActs does something to a device.
func (s *site) operatorActs() {
	p := s.device()
	if !s.claims[p.mac].known {
		s.add(p)
		return
	}
	acts := map[string]func(*handset){
		"pin": s.rightPIN, "pin for the phone": s.rightPINFrom, "wrong pin": s.wrongPIN, "wrong pins": s.wrongPINs, "reset": s.reset,
		"suspend": s.suspend, "unblock": s.unblock, "allow": s.allowOTP, "clear": s.clearOTP, "remove": s.remove,
		"ticket": s.makeTicket, "approve": s.approve, "reject": s.reject, "revoke": s.revoke, "demand": s.demand,
	}
	names := []string{"pin", "pin for the phone", "pin for the phone", "wrong pin", "wrong pins", "reset", "suspend", "unblock", "allow", "clear", "remove", "ticket", "ticket", "approve", "reject", "revoke", "demand"}
	acts[rapid.SampledFrom(names).Draw(s.rt, "operator")](p)
}

func (s *site) rightPIN(p *handset) { s.enterPIN(p, s.claims[p.mac].pin, "") }
func (s *site) rightPINFrom(p *handset) {
	s.enterPIN(p, s.claims[p.mac].pin, p.asks(provision.HTTP, login{}).identity())
}
func (s *site) wrongPIN(p *handset) { s.enterPIN(p, other(s.claims[p.mac].pin), "") }
func (s *site) wrongPINs(p *handset) {
	for range tries {
		s.enterPIN(p, other(s.claims[p.mac].pin), "ip:"+p.home.String())
	}
}

// other is six digits that are not these.
func other(pin string) string {
	if pin == "000000" {
		return "111111"
	}
	return "000000"
}

// enterPIN has an operator enter a PIN, for a caller named or for whom the box
// takes for the phone.
func (s *site) enterPIN(p *handset, pin, whose string) {
	by := operator
	by.Identity = whose
	c, now := s.claims[p.mac], s.now()
	right := pin == c.pin
	r, err := s.desk.EnterPIN(s.rt.Context(), by, p.mac, phone.NewSecret(pin))
	what := fmt.Sprintf("enters a PIN for %s, right %t, whose %q, taken %t", p, right, whose, r.Accepted)
	if errors.Is(err, provision.ErrPINNotAsked) && !s.factor.WantsPIN() || errors.Is(err, provision.ErrUnproven) && whose == "" {
		s.say("an operator %s: %v", what, err)
		return
	}
	if !s.acted(what, err) || !r.Looked {
		return
	}
	switch {
	case c.lockedAt(now.Add(leeway)):
		s.broken(lasting, "a PIN of %s was looked at in the lock-out", p)
	case r.Accepted && !right:
		s.broken(proof, "a wrong PIN of %s was accepted", p)
	case r.Accepted:
		s.accept(now, p, whose)
	default:
		s.countWrong(now, p, r)
	}
}

// accept books a right PIN. Where nobody said for whom it is, the box may tie
// it to the proven phone, or leave it to be.
func (s *site) accept(now time.Time, p *handset, whose string) {
	rec, err := s.desk.Device(p.mac)
	if err != nil {
		s.broken(onDisk, "%s: %v", p, err)
	}
	by := rec.Enrolment.Pass.By
	if whose != "" && by != whose || whose == "" && by != "" && by != "mac:"+p.mac.String() {
		s.broken(proof, "a PIN entered for %q counts for %q", whose, by)
	}
	s.edit(p.mac, func(c *claim) {
		c.fails, c.lockOuts = 0, 0
		c.pass = pass{until: now.Add(passLasts), by: by}
	})
	s.window = now.Add(siteWindow)
}

// countWrong books a wrong PIN that cost a try.
func (s *site) countWrong(now time.Time, p *handset, r auth.PINResult) {
	s.edit(p.mac, func(c *claim) {
		if c.fails++; c.fails < tries {
			return
		}
		c.fails = 0
		if c.lockOuts++; c.lockOuts < tries {
			c.locked = now.Add(lockOut)
		} else {
			c.blocked, c.locked = true, time.Time{}
		}
		if r.State != auth.Failed && r.State != auth.Blocked {
			s.broken(onDisk, "%d wrong PINs of %s were acknowledged in a row, and it is %s", tries, p, r.State)
		}
	})
}

func (s *site) reset(p *handset) {
	rec, err := s.desk.Reset(s.rt.Context(), operator, p.mac)
	if s.acted("resets "+p.String(), err) {
		s.edit(p.mac, func(c *claim) {
			c.voidLogins()
			c.freed()
			c.rearm(s.number(), false)
			c.suspended, c.pin, c.ticket = time.Time{}, rec.Enrolment.PIN.Reveal(), ticket{}
		})
	}
}

func (s *site) suspend(p *handset) {
	now := s.now()
	_, err := s.desk.Suspend(s.rt.Context(), operator, p.mac)
	if s.acted("suspends "+p.String(), err) {
		s.edit(p.mac, func(c *claim) { c.suspended = now.Add(suspension) })
	}
}

func (s *site) unblock(p *handset) {
	c := s.claims[p.mac]
	_, err := s.desk.Unblock(s.rt.Context(), operator, p.mac)
	if errors.Is(err, provision.ErrNotLocked) && c.fails+c.lockOuts == 0 && !c.blocked {
		s.say("an operator unblocks %s: %v", p, err)
		return
	}
	if s.acted("unblocks "+p.String(), err) {
		s.edit(p.mac, (*claim).freed)
	}
}

func (s *site) allowOTP(p *handset) { s.allowOnce(p, false) }
func (s *site) clearOTP(p *handset) { s.allowOnce(p, true) }

func (s *site) allowOnce(p *handset, clear bool) {
	_, err := s.desk.AllowOTP(s.rt.Context(), operator, p.mac, clear)
	if s.acted(fmt.Sprintf("allows %s its one-time password again, its login void %t", p, clear), err) {
		s.edit(p.mac, func(c *claim) {
			c.rearm(s.number(), true)
			if clear {
				c.voidLogins()
			}
			if c.ticket.again = (time.Time{}); c.ticket.used {
				c.ticket = ticket{} // nor is it half of what otp+pin wants
			}
		})
	}
}

func (s *site) remove(p *handset) {
	if err := s.desk.Remove(s.rt.Context(), operator, p.mac); s.acted("removes "+p.String(), err) {
		s.claims[p.mac] = claim{}
	}
}

// makeTicket has an operator make a ticket for one phone, and tell whoever
// unpacks it.
func (s *site) makeTicket(p *handset) {
	now, approval := s.now(), s.chance("with approval")
	rec, err := s.desk.MakeTicket(s.rt.Context(), operator, p.mac, 0, approval)
	if s.acted(fmt.Sprintf("makes a ticket for %s, approval %t", p, approval), err) {
		made := rec.Enrolment.Ticket
		s.edit(p.mac, func(c *claim) {
			c.ticket = ticket{login: login{made.User, made.Password.Reveal()}, number: s.number(), until: now.Add(ticketLasts), approval: approval}
		})
	}
}

// ticketGoes has a ticket take its next step: made, shown, approved, shown
// again by whoever has it.
func (s *site) ticketGoes() {
	p := s.device()
	switch c := s.claims[p.mac]; {
	case !c.known:
		s.rt.Skip("the phone is not set up")
	case c.ticket.user == "", c.ticket.dead, c.ticket.used && !s.now().Before(c.ticket.again):
		s.makeTicket(p)
	case c.ticket.approval && !c.ticket.approved && c.ticket.by != "":
		s.approve(p)
	default:
		s.ask(p.asks(provision.HTTP, c.ticket.login))
	}
}

// decideTicket has an operator end a ticket, or let in who showed it; where
// that cannot be any more, nothing happens.
func (s *site) decideTicket(p *handset, what string, err error, book func(*claim)) {
	if errors.Is(err, auth.ErrTicketState) {
		s.say("an operator %s the ticket of %s: %v", what, p, err)
	} else if s.acted(what+" the ticket of "+p.String(), err) {
		s.edit(p.mac, book)
	}
}

func (s *site) approve(p *handset) {
	_, err := s.desk.ApproveTicket(s.rt.Context(), operator, p.mac)
	s.decideTicket(p, "approves", err, func(c *claim) { c.ticket.approved = true })
}

func (s *site) reject(p *handset) {
	_, err := s.desk.RejectTicket(s.rt.Context(), operator, p.mac, "not mine")
	s.decideTicket(p, "rejects", err, func(c *claim) {
		c.ticket.rejected, c.ticket.dead = true, true
		c.turnAway()
	})
}

func (s *site) revoke(p *handset) {
	_, err := s.desk.RevokeTicket(s.rt.Context(), operator, p.mac)
	s.decideTicket(p, "revokes", err, func(c *claim) {
		c.ticket.dead = true
		c.turnAway()
	})
}

func (s *site) demand(p *handset) {
	yes := !s.claims[p.mac].ticketOnly
	_, err := s.desk.DemandTicket(s.rt.Context(), operator, p.mac, yes)
	if s.acted(fmt.Sprintf("demands a ticket of %s: %t", p, yes), err) {
		s.edit(p.mac, func(c *claim) { c.ticketOnly = yes })
	}
}

// setBrand gives a vendor a new one-time password.
func (s *site) setBrand(v phone.Vendor) {
	l := login{"installer", fmt.Sprintf("fake-brand-%d-otp", s.number())}
	b, err := s.desk.SetBrand(s.rt.Context(), operator, v, l.user, phone.NewSecret(l.password))
	if s.acted("changes the one-time password of "+string(v), err) {
		s.brands[v] = brand{l, b.Generation}
		s.secrets[l.password] = custody{} // it is in no config
	}
}

// rulesChange has an operator change the site's rules.
func (s *site) rulesChange() {
	switch rapid.SampledFrom([]string{"factor", "factor", "claimed", "allow", "brand", "screen", "screen"}).Draw(s.rt, "rule") {
	case "factor":
		f := rapid.SampledFrom(factors).Draw(s.rt, "policy")
		if err := s.desk.SetFirstContact(s.rt.Context(), operator, f); s.acted("asks for "+string(f), err) {
			s.factor = f
		}
	case "claimed":
		yes := !s.trusts
		if err := s.desk.SetClaimed(s.rt.Context(), operator, yes); s.acted(fmt.Sprint("trusts claimed addresses: ", yes), err) {
			s.trusts = yes
		}
	case "screen":
		yes := !s.screen
		if err := s.desk.SetPINOnScreen(s.rt.Context(), operator, yes); s.acted(fmt.Sprint("takes PINs on the phones' screens: ", yes), err) {
			s.screen = yes
		}
	case "brand":
		s.setBrand(s.device().vendor)
	case "allow":
		s.changeAllow()
	}
}

// changeAllow puts a network on the allow-list, or takes it off.
func (s *site) changeAllow() {
	n := netip.MustParsePrefix(rapid.SampledFrom([]string{"10.20.0.51/32", "10.20.0.66/32", "10.20.0.0/24", "10.88.0.0/24"}).Draw(s.rt, "network"))
	if i := slices.Index(s.allow, n); i >= 0 {
		if err := s.desk.RemoveAllow(s.rt.Context(), operator, n); s.acted("allows no more "+n.String(), err) {
			s.allow = slices.Delete(s.allow, i, i+1)
		}
		return
	}
	if err := s.desk.AddAllow(s.rt.Context(), operator, n, strings.Repeat("x", 3)); s.acted("allows "+n.String(), err) {
		s.allow = append(s.allow, n)
	}
}
