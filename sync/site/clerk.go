package site

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// History reads the audit log, oldest first: entries numbered above since, of
// all devices for the zero MAC.
type History interface {
	Audit(ctx context.Context, since uint64, mac phone.MAC, limit int) ([]audit.Entry, error)
}

// ClerkConfig is what the clerk is told once.
type ClerkConfig struct {
	// Since is the newest entry of the audit log when the box joined: what
	// happened before is not the platform's.
	Since uint64
	// OTPOffline is whether one-time passwords are accepted while the platform is
	// away, for as long as it has set no rules.
	OTPOffline bool
	// Told is called when the link's state changes. It returns at once.
	Told func(Status)
	// Now is the box's clock.
	Now func() time.Time
	// Unsure says of an entry of the audit log that the clock was not set when it
	// was written; nil is never.
	Unsure func(seq uint64) bool
	// Rollout is told what release the platform wants taken, nil for none, and has
	// kept it when it returns; nil is not told.
	Rollout func(*wire.Rollout) error
}

// Clerk carries out at the front desk what the platform's documents say, and
// tells the platform what happened there: Desk, on the real one.
type Clerk struct {
	cfg     ClerkConfig
	desk    *provision.Desk
	history History
	board   *health.Board
	log     *slog.Logger

	mu      sync.Mutex
	bad     map[proto.ID]bool // documents with a condition
	scanned span
}

// NewClerk makes a clerk; it does no I/O.
func NewClerk(cfg ClerkConfig, desk *provision.Desk, history History, board *health.Board, log *slog.Logger) *Clerk {
	return &Clerk{cfg: cfg, desk: desk, history: history, board: board, log: log, bad: make(map[proto.ID]bool)}
}

// Rules are the site's own about one-time passwords.
func (c *Clerk) Rules() proto.Rules {
	if p := c.desk.Policy().Platform; p.Rules {
		return proto.Rules{Offline: p.OTPOffline}
	}
	return proto.Rules{Offline: c.cfg.OTPOffline}
}

// Told passes the link's state on.
func (c *Clerk) Told(s Status) { c.cfg.Told(s) }

// Conditions are the codes of what is not as it should be at the box. What is
// about one phone is told once, without its MAC.
func (c *Clerk) Conditions() []string {
	var codes []string
	seen := make(map[string]bool)
	for _, one := range c.board.List() {
		code := kindOf(one.Code)
		if !seen[code] {
			codes = append(codes, code)
		}
		seen[code] = true
	}
	return codes
}

// CodeDocument is the condition of a document that cannot be had here; the
// document's name stands behind it.
const CodeDocument = "platform-document"

// maxBad bounds how many documents have a condition of their own.
const maxBad = 24

// Apply makes one document true. What cannot be had here becomes a condition
// that names it; what may pass, such as a full disk, is ErrRetry.
func (c *Clerk) Apply(ctx context.Context, d wire.Doc, open func(secret string) ([]byte, error)) error {
	err := c.apply(ctx, d, &opener{doc: d, open: open})
	if err != nil && !final(err) {
		return fmt.Errorf("%w: %w", ErrRetry, err)
	}
	c.note(d, err)
	return err
}

// final reports that a document is at fault and not the moment.
func final(err error) bool {
	for _, is := range []error{errDocument, provision.ErrInvalid, provision.ErrUserExists, provision.ErrExtensionTaken, provision.ErrUsersFull, provision.ErrNoUsers, provision.ErrAllowFull} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// errDocument is a document that cannot be read.
var errDocument = errors.New("the document cannot be read")

func (c *Clerk) note(d wire.Doc, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	code := CodeDocument + ":" + string(d.ID)
	if err == nil {
		delete(c.bad, d.ID)
		c.board.Clear(code)
		return
	}
	if !c.bad[d.ID] && len(c.bad) >= maxBad {
		return // the log has each
	}
	c.bad[d.ID] = true
	c.board.Raise(c.cfg.Now(), health.Condition{
		Code: code, Title: fmt.Sprintf("the platform's word about %s %s cannot be had here", d.Kind, d.Key),
		Meaning: "what the box had of it before stays in force; everything else of the platform is done",
		Do:      "correct it at the platform; the box takes the next version at once",
		Detail:  err.Error(),
	})
}

func (c *Clerk) apply(ctx context.Context, d wire.Doc, s *opener) error {
	switch d.Kind {
	case wire.DeviceDoc:
		return c.device(ctx, d, s)
	case wire.UserDoc:
		return c.user(ctx, d, s)
	case wire.BrandDoc:
		return c.brand(ctx, d, s)
	case wire.PolicyDoc:
		return c.policy(ctx, d)
	case wire.AllowDoc:
		return c.allow(ctx, d)
	}
	return fmt.Errorf("%w: this version of lineside knows no documents of the kind %q; update it", errDocument, d.Kind)
}

// body reads a document's body. Fields this build does not know are a later
// platform's, and left alone.
func body(d wire.Doc, v any) error {
	if err := json.Unmarshal(d.Body, v); err != nil {
		return fmt.Errorf("%w: %w", errDocument, err)
	}
	return nil
}

func (c *Clerk) device(ctx context.Context, d wire.Doc, s *opener) error {
	mac, err := phone.ParseMAC(d.Key)
	if err != nil {
		return fmt.Errorf("%w: %w", errDocument, err)
	}
	if d.Del {
		return c.desk.DropPlatform(ctx, mac)
	}
	var b wire.Device
	if err := body(d, &b); err != nil {
		return err
	}
	w := provision.PlatformDevice{
		Device: phone.Device{
			MAC: mac, Vendor: phone.Vendor(b.Vendor), Model: b.Model, Label: b.Label, Owner: b.Owner, Overrides: b.Overrides, PlainTFTP: b.PlainTFTP,
			AdminPassword: s.secret("admin"),
		},
		Said: auth.Said{
			Resets: b.Resets, OTP: auth.Minting(d.Sec.OTP), PIN: auth.Minting(d.Sec.PIN), Used: !d.Sec.Armed(), Locked: d.Sec.Locked,
			Code: s.secret("pin"), BrandOnce: b.BrandOnce, Clear: b.Clear,
			Ticket: auth.Ticket{User: b.OTPUser, Password: s.secret("otp"), Approval: b.Approval, Until: b.OTPUntil},
		},
	}
	for i, l := range b.Lines {
		w.Device.Lines = append(w.Device.Lines, phone.Line{
			Registrar: l.Registrar, Port: l.Port, Transport: phone.Transport(l.Transport), OutboundProxy: l.OutboundProxy,
			User: l.User, AuthID: l.AuthID, DisplayName: l.DisplayName, Label: l.Label, Password: s.secret("sip." + strconv.Itoa(i)),
		})
	}
	if w.Device.Addr, err = address(b.Address); err != nil {
		return fmt.Errorf("%w: %w", errDocument, err)
	}
	if err := s.failed(); err != nil {
		return err
	}
	return c.desk.PutPlatform(ctx, w)
}

func (c *Clerk) user(ctx context.Context, d wire.Doc, s *opener) error {
	if d.Del {
		return c.desk.DropPlatformUser(ctx, d.Key)
	}
	var b wire.User
	if err := body(d, &b); err != nil {
		return err
	}
	u := phone.User{
		ID: b.ID, Extension: d.Key, First: b.First, Last: b.Last, Email: b.Email, AlternateID: b.AlternateID,
		WebPassword: s.secret("web"), PortalPIN: s.secret("portal"),
	}
	if err := s.failed(); err != nil {
		return err
	}
	return c.desk.PutPlatformUser(ctx, u)
}

func (c *Clerk) brand(ctx context.Context, d wire.Doc, s *opener) error {
	if d.Del {
		return c.desk.DropPlatformBrand(ctx, phone.Vendor(d.Key))
	}
	var b wire.Brand
	if err := body(d, &b); err != nil {
		return err
	}
	password := s.secret("otp")
	if err := s.failed(); err != nil {
		return err
	}
	return c.desk.PutPlatformBrand(ctx, phone.Vendor(d.Key), b.User, password)
}

func (c *Clerk) policy(ctx context.Context, d wire.Doc) error {
	var b wire.Policy
	if !d.Del {
		if err := body(d, &b); err != nil {
			return err
		}
	}
	if c.cfg.Rollout != nil {
		if err := c.cfg.Rollout(b.Rollout); err != nil {
			return err
		}
	}
	if d.Del {
		return c.desk.DropPlatformPolicy(ctx)
	}
	return c.desk.PutPlatformPolicy(ctx, provision.SitePolicy{
		Rules:      auth.SaidRules{FirstContact: auth.Factor(b.FirstContact), Window: b.Window, BlockAfter: b.BlockAfter, AutoApprove: b.AutoApprove},
		OTPOffline: b.OTPOffline == "allow", LocalChanges: b.LocalChanges, Emergency: b.Emergency, SBC: b.SBC,
	})
}

func (c *Clerk) allow(ctx context.Context, d wire.Doc) error {
	var b wire.Allow
	if !d.Del {
		if err := body(d, &b); err != nil {
			return err
		}
	}
	var entries []auth.Allow
	for _, e := range b.Entries {
		p, err := auth.ParseAllow(e.Prefix)
		if err != nil {
			return fmt.Errorf("%w: %w", errDocument, err)
		}
		entries = append(entries, auth.Allow{Prefix: p, Note: e.Note, Until: e.Until})
	}
	return c.desk.PutPlatformAllow(ctx, entries)
}
