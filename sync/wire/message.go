package wire

import (
	"encoding/json"
	"time"

	"github.com/lineside/lineside/sync/proto"
)

// Version is the newest protocol version spoken here, Oldest the oldest that
// is still understood.
const (
	Version = 1
	Oldest  = 1
)

// Limits of a message. The broker's own limit is above MaxBytes, so that ours
// is the one met, and answered in words.
const (
	// MaxBytes is the longest message, request or answer.
	MaxBytes = 256 << 10
	// PageBytes is how much of documents a page holds, unless one alone is more.
	PageBytes = 180 << 10
	// MaxDoc is the longest document.
	MaxDoc = 64 << 10
	// MaxEvents is how many events a push carries, MaxEvent the longest of them.
	MaxEvents = 200
	MaxEvent  = 1 << 10
	// MaxItems is how many devices' states a push carries.
	MaxItems = proto.PushItems
)

// Request is one question of a site; exactly one part is set.
type Request struct {
	V int `json:"v"`
	// ID is random, unlike any other of any process of any site.
	ID      string         `json:"id"`
	Hello   *Hello         `json:"hello,omitempty"`
	Pull    *proto.Pull    `json:"pull,omitempty"`
	Push    *Push          `json:"push,omitempty"`
	Confirm *proto.Confirm `json:"confirm,omitempty"`
	Act     *Act           `json:"act,omitempty"`
}

// Reply answers the request of the same ID: the same part, or Refused.
type Reply struct {
	V       int                 `json:"v"`
	ID      string              `json:"id"`
	Refused *Refused            `json:"refused,omitempty"`
	Hello   *HelloReply         `json:"hello,omitempty"`
	Pull    *PullReply          `json:"pull,omitempty"`
	Push    *PushReply          `json:"push,omitempty"`
	Confirm *proto.ConfirmReply `json:"confirm,omitempty"`
	Act     *ActReply           `json:"act,omitempty"`
}

// Hello opens a link.
type Hello struct {
	proto.Hello
	// Software is the box's version, for the platform's list of boxes.
	Software string `json:"software"`
	// Key is the public half of the box's sealing key (seal.Public).
	Key string `json:"key"`
	// Clock is the box's own time, zero if it knows it to be unset.
	Clock time.Time `json:"clock,omitzero"`
	// Incarnation names the numbering of the box's events; a box that was put
	// back begins a new one. Last is the newest event's number.
	Incarnation string `json:"inc"`
	Last        uint64 `json:"last"`
	// Conditions are the box's health conditions, by code.
	Conditions []string `json:"conditions,omitempty"`
	// LocalRules are the rules that count at the site in another way than the
	// platform set them, in words. Since 2026-11.
	LocalRules []string `json:"local_rules,omitempty"`
}

// HelloReply says where the platform stands.
type HelloReply struct {
	proto.HelloReply
	// Now is the platform's clock.
	Now time.Time `json:"now"`
	// Name is the site's name as operators know it.
	Name string `json:"name"`
	// Acked is the newest event of this incarnation the platform holds.
	Acked uint64 `json:"acked"`
	// BackoffCap bounds the wait between attempts to connect: the fleet is
	// large, and all of it comes back at once.
	BackoffCap time.Duration `json:"backoff_cap"`
	// Offer is where the platform can be reached now; nil is as the box knows.
	// Since 2026-11.
	Offer *Offer `json:"offer,omitempty"`
	Whitelisting
}

// Whitelisting is how the platform sees the site's address.
type Whitelisting struct {
	// Address is the public address this connection came from.
	Address string `json:"address,omitempty"`
	// Until is when its whitelisting ends, zero if it is not whitelisted;
	// Permanent says that an operator entered it for good.
	Until     time.Time `json:"until,omitzero"`
	Permanent bool      `json:"permanent,omitempty"`
	// Why says in a sentence for the operator why the platform does not
	// whitelist this address by itself, whatever happens here; empty where it does.
	Why string `json:"why,omitempty"`
}

// PullReply is one page of documents.
type PullReply struct {
	Epoch  int64        `json:"epoch"`
	Docs   []SignedDoc  `json:"docs,omitempty"`
	Cursor proto.Cursor `json:"cursor"`
	Pin    uint64       `json:"pin"`
	More   bool         `json:"more,omitempty"`
}

// Push sends up security states and events.
type Push struct {
	proto.Push
	Incarnation string  `json:"inc"`
	Events      []Event `json:"events,omitempty"`
	// Clock is the box's time as its events are stamped with, when this was
	// sent; Unset says that it knows this clock not to be set. The platform
	// tells by it how old an event is whose time means nothing.
	Clock time.Time `json:"clock,omitzero"`
	Unset bool      `json:"unset,omitempty"`
	// Conditions are the box's health conditions, by code, where they changed
	// since they were told, and once an hour; nil is as before. Since 2026-11.
	Conditions *[]string `json:"conditions,omitempty"`
	// LocalRules are as in Hello, and go with Conditions. Since 2026-11.
	LocalRules []string `json:"local_rules,omitempty"`
}

// PushReply says that all of the push is durable.
type PushReply struct {
	proto.PushReply
	// Acked is the newest event held, of this incarnation.
	Acked uint64 `json:"acked"`
	// Retry, where set, asks the box to wait so long before the next push.
	Retry time.Duration `json:"retry,omitempty"`
	Whitelisting
}

// Event is one thing that happened at the site.
type Event struct {
	// Seq counts from 1 within the incarnation.
	Seq uint64 `json:"seq"`
	// At is the box's time; Unsure says that its clock was not set.
	At     time.Time `json:"at"`
	Unsure bool      `json:"unsure,omitempty"`
	// Kind is one of the Kind… words, MAC the device, if any.
	Kind string `json:"kind"`
	MAC  string `json:"mac,omitempty"`
	// Facts are the rest, as the box's audit log words it; never a secret.
	Facts json.RawMessage `json:"facts,omitempty"`
}

// Kinds of events the platform acts on; others it keeps.
const (
	// KindProvisioned: a phone got its full config. It renews the whitelisting
	// of the site's address if it is less than 8 h old and MAC is a device the
	// platform keeps at this site.
	KindProvisioned = "provisioned"
	// KindPIN: a phone proved itself by PIN. Of such a device it opens the
	// whitelisting.
	KindPIN = "pin"
	// KindVisitor: an unknown phone asked.
	KindVisitor = "visitor"
	// KindUpdateKept, KindUpdateBack and KindUpdateRefused: how an update went. Of
	// the version that is rolled out they count, and may halt it.
	KindUpdateKept    = "update-kept"
	KindUpdateBack    = "update-turned-back"
	KindUpdateRefused = "update-refused"
)

// Refused says why a request is not answered.
type Refused struct {
	Reason Reason `json:"reason"`
	// Text is one sentence for the operator of the box.
	Text string `json:"text"`
	// Retry, where set, is how long to wait.
	Retry time.Duration `json:"retry,omitempty"`
}

// Reason is why, in a word the box acts on.
type Reason string

// Reasons.
const (
	// TooOld, TooNew: the box speaks a version not understood here.
	TooOld Reason = "too-old"
	TooNew Reason = "too-new"
	// Revoked: the site was taken from the platform.
	Revoked Reason = "revoked"
	// Malformed: the request cannot be read, or is beyond a limit.
	Malformed Reason = "malformed"
	// Busy: try again.
	Busy Reason = "busy"
)
