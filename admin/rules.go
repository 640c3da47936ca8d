package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// otpDigits is the length of a generated brand OTP. Digits alone, because it is
// typed on a telephone; twelve, because ten guesses a second, for a month, have
// a chance of one in 38,000.
const otpDigits = 12

// getOTPs lists the brands' one-time passwords, and those of the time before a
// brand had one in common that still count for a vendor of it.
func (s *Server) getOTPs(c *call) error {
	p := s.dep.Desk.Policy()
	out := OTPs{OTPs: []OTP{}}
	var told []phone.Vendor
	for _, v := range s.cfg.Vendors {
		brand := s.cfg.BrandOf(v)
		if !slices.Contains(told, brand) {
			out.OTPs, told = append(out.OTPs, otp(brand, p.Brands[brand])), append(told, brand)
		}
		if own, ok := p.Brands[v]; ok && v != brand {
			out.OTPs = append(out.OTPs, otp(v, own))
		}
	}
	return c.json(http.StatusOK, out)
}

func otp(v phone.Vendor, b auth.Brand) OTP {
	o := OTP{Vendor: v, User: b.User, HasPassword: !b.Password.IsZero(), Generation: b.Generation, Since: b.Set}
	if !o.HasPassword {
		o.Next = fmt.Sprintf("set one with: lineside otp set %s --generate", v)
	}
	return o
}

func (s *Server) putOTP(c *call) error {
	v, err := s.pathBrand(c)
	if err != nil {
		return err
	}
	var in OTPInput
	if err := c.body(&in); err != nil {
		return err
	}
	if in.Generate == (in.Password != "") {
		return fail(http.StatusUnprocessableEntity, "write a password or have one generated, not both and not neither",
			"send {\"user\": \"...\", \"password\": \"...\"} or {\"generate\": true}")
	}
	if in.User == "" {
		in.User = string(v)
	}
	if in.Generate {
		in.Password = digits(otpDigits)
	}
	b, err := s.dep.Desk.SetBrand(c.r.Context(), c.by, v, in.User, phone.NewSecret(in.Password))
	if err != nil {
		return err
	}
	out := otp(v, b)
	if in.Generate {
		out.Password = in.Password
		out.Next = "note the password now: it is not shown again"
	}
	return c.json(http.StatusOK, out)
}

// digits draws n decimal digits, each as likely as the others.
func digits(n int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	v, _ := rand.Int(rand.Reader, limit) // never fails, see crypto/rand
	return fmt.Sprintf("%0*d", n, v)
}

func (s *Server) deleteOTP(c *call) error {
	v, err := s.pathBrand(c)
	if err != nil {
		return err
	}
	if _, err := s.dep.Desk.SetBrand(c.r.Context(), c.by, v, "", phone.Secret{}); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// pathBrand reads the name of a brand or of one of its vendors.
func (s *Server) pathBrand(c *call) (phone.Vendor, error) {
	v := vendorName(c.r.PathValue("vendor"))
	if slices.ContainsFunc(s.cfg.Vendors, func(has phone.Vendor) bool { return s.cfg.BrandOf(has) == v }) {
		return v, nil
	}
	if err := s.served(v); err != nil {
		return "", fail(http.StatusNotFound, err.Error(), "see the brands with: lineside otp list")
	}
	return s.cfg.BrandOf(v), nil
}

func (s *Server) getPolicy(c *call) error { return c.json(http.StatusOK, s.policy()) }

func (s *Server) policy() Policy {
	p := s.dep.Desk.Policy()
	out := Policy{
		FirstContact: string(p.FirstContact), Claimed: p.Claimed, Window: p.WindowText(),
		BlockAfter: p.BlocksAfter(), AutoApprove: p.AutoApprove, TicketHours: int(p.TicketLasts().Hours()), PINOnScreen: p.PINOnScreen, Allow: allowList(p), Rev: p.Rev,
	}
	if p.IsOpen(s.cfg.Now()) {
		out.WindowOpen = p.WindowUntil
	}
	return out
}

func allowList(p auth.Policy) []Allow {
	out := make([]Allow, len(p.Allow))
	for i, a := range p.Allow {
		out[i] = Allow{Network: a.Prefix, Note: a.Note, Since: a.Since, Until: a.Until, Platform: a.Platform}
	}
	return out
}

func (s *Server) patchPolicy(c *call) error {
	var in PolicyInput
	if err := c.body(&in); err != nil {
		return err
	}
	changes, err := s.policyChanges(in)
	if err != nil {
		return invalid("the policy cannot be changed like this", err)
	}
	if len(changes) == 0 {
		return fail(http.StatusUnprocessableEntity, "no rule is given",
			"name one: first_contact (pin, otp, otp+pin or none), claimed, window, block_after, auto_approve, ticket_hours or pin_on_screen")
	}
	for _, change := range changes {
		if err := change(c.r.Context(), c.by); err != nil {
			return err
		}
	}
	return c.json(http.StatusOK, s.policy())
}

// policyChanges reads every rule that is given before the first is changed.
func (s *Server) policyChanges(in PolicyInput) (changes []func(context.Context, audit.Actor) error, err error) {
	var errs []error
	desk := s.dep.Desk
	change := func(do func(context.Context, audit.Actor) error) { changes = append(changes, do) }
	if in.FirstContact.Given {
		f, err := auth.ParseFactor(in.FirstContact.Value)
		errs = append(errs, err)
		change(func(ctx context.Context, by audit.Actor) error { return desk.SetFirstContact(ctx, by, f) })
	}
	if in.Claimed.Given {
		change(func(ctx context.Context, by audit.Actor) error { return desk.SetClaimed(ctx, by, in.Claimed.Value) })
	}
	if in.Window.Given {
		length, err := auth.ParseWindow(in.Window.Value)
		errs = append(errs, about("window", err))
		change(func(ctx context.Context, by audit.Actor) error { return desk.SetWindow(ctx, by, length) })
	}
	if in.BlockAfter.Given {
		errs = append(errs, about("block_after", auth.CheckBlockAfter(in.BlockAfter.Value)))
		change(func(ctx context.Context, by audit.Actor) error {
			return desk.SetBlockAfter(ctx, by, in.BlockAfter.Value)
		})
	}
	if in.AutoApprove.Given {
		change(func(ctx context.Context, by audit.Actor) error {
			return desk.SetAutoApprove(ctx, by, in.AutoApprove.Value)
		})
	}
	if in.TicketHours.Given {
		life := time.Duration(in.TicketHours.Value) * time.Hour
		if in.TicketHours.Value > int(auth.MaxTicket.Hours()) || in.TicketHours.Value < 0 {
			life = 0 // an overflow is out of range as well
		}
		errs = append(errs, about("ticket_hours", auth.CheckTicketLife(life)))
		change(func(ctx context.Context, by audit.Actor) error { return desk.SetTicketLife(ctx, by, life) })
	}
	if in.PINOnScreen.Given {
		change(func(ctx context.Context, by audit.Actor) error {
			return desk.SetPINOnScreen(ctx, by, in.PINOnScreen.Value)
		})
	}
	return changes, errors.Join(errs...)
}

// about puts the field's name before what is wrong with it.
func about(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", field, err)
}

func (s *Server) getAllow(c *call) error {
	return c.json(http.StatusOK, Allowed{Allow: allowList(s.dep.Desk.Policy())})
}

func (s *Server) postAllow(c *call) error {
	var in AllowInput
	if err := c.body(&in); err != nil {
		return err
	}
	n, err := auth.ParseAllow(in.Network)
	if err != nil {
		return invalid("the allow-list cannot have this", err)
	}
	if len(in.Note) > phone.MaxText {
		return fail(http.StatusUnprocessableEntity, fmt.Sprintf("the note is longer than %d bytes", phone.MaxText), "write a shorter one")
	}
	if err := s.dep.Desk.AddAllow(c.r.Context(), c.by, n, in.Note); err != nil {
		return err
	}
	for _, a := range allowList(s.dep.Desk.Policy()) {
		if a.Network == n {
			return c.json(http.StatusCreated, a)
		}
	}
	// Somebody removed it again in between: it was added all the same.
	return c.json(http.StatusCreated, Allow{Network: n, Note: in.Note, Since: s.cfg.Now().UTC()})
}

// deleteAllow takes 10.20.0.0/24 in the path as it is, slash and all.
func (s *Server) deleteAllow(c *call) error {
	n, err := auth.ParseAllow(strings.TrimSuffix(c.r.PathValue("prefix"), "/"))
	if err != nil {
		return invalid("the path names no network", err)
	}
	if err := s.dep.Desk.RemoveAllow(c.r.Context(), c.by, n); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
