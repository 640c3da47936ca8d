package proto

// Cursor says how far a site has read the platform's documents.
type Cursor struct {
	Epoch int64 `json:"epoch"`
	// Rev is the last revision seen.
	Rev uint64 `json:"rev"`
	// Boot is the platform's last start at that revision (R7).
	Boot string `json:"boot,omitempty"`
	// Proof is the platform's own mark on the rest; the rules carry it along.
	Proof string `json:"proof,omitempty"`
}

// Boot is one start of the platform: everything after Rev was written since.
type Boot struct {
	ID  string `json:"id"`
	Rev uint64 `json:"rev"`
}

// Doc is what the platform wants a site to hold of one device.
type Doc struct {
	ID  ID     `json:"id"`
	Ver Ver    `json:"ver"`
	Rev uint64 `json:"rev"`
	// Del says that the device no longer lives here.
	Del bool `json:"del,omitempty"`
	Sec Sec  `json:"sec"`
}

// Request is one question of a site: exactly one of the pointers is set.
type Request struct {
	// ID names the request, unlike any other of any process (R6).
	ID      string
	Hello   *Hello
	Pull    *Pull
	Push    *Push
	Confirm *Confirm
}

// Reply answers the request of the same ID; the pointer set is the same one.
type Reply struct {
	ID      string
	Hello   *HelloReply
	Pull    *PullReply
	Push    *PushReply
	Confirm *ConfirmReply
}

// Hello opens a link: who the box believes to be.
type Hello struct {
	Cursor Cursor `json:"cursor"`
	// Token is the one the platform gave in the last hello.
	Token string `json:"token,omitempty"`
	// Rolled says that the box found itself put back (R3), Burns which mints
	// a start had to burn, at most MaxBurns.
	Rolled bool   `json:"rolled,omitempty"`
	Burns  []Burn `json:"burns,omitempty"`
}

// MaxBurns is how many burns one hello carries; the next one follows at once
// with the rest.
const MaxBurns = 100

// Burn is a mint that may have been accepted without the box knowing.
type Burn struct {
	ID   ID     `json:"id"`
	Mint string `json:"mint"`
}

// HelloReply says where the platform stands.
type HelloReply struct {
	Epoch int64 `json:"epoch"`
	// Snapshot says that the cursor cannot be followed: read all from Cursor,
	// which stands at 0. A box that was told the epoch can prove it from then on.
	Snapshot bool   `json:"snapshot,omitempty"`
	Cursor   Cursor `json:"cursor"`
	// Rolled says that the box was put back and has not noticed.
	Rolled bool `json:"rolled,omitempty"`
	// Token is for the next hello.
	Token string `json:"token"`
}

// Pull asks for documents after a revision, up to Pin where it is not 0.
type Pull struct {
	Epoch int64  `json:"epoch"`
	After uint64 `json:"after"`
	Pin   uint64 `json:"pin,omitempty"`
}

// PullReply is one page of documents in the order of their revisions.
type PullReply struct {
	Epoch int64 `json:"epoch"`
	Docs  []Doc `json:"docs,omitempty"`
	// Cursor is where the page ends, Pin the revision the whole reading ends at.
	Cursor Cursor `json:"cursor"`
	Pin    uint64 `json:"pin"`
	More   bool   `json:"more,omitempty"`
}

// Item is one device's security state on its way up.
type Item struct {
	ID  ID  `json:"id"`
	Sec Sec `json:"sec"`
}

// Push sends up what the site knows.
type Push struct {
	Epoch int64  `json:"epoch"`
	Items []Item `json:"items"`
}

// PushReply says that all of the push is durable at the platform.
type PushReply struct {
	Epoch int64 `json:"epoch"`
}

// Confirm asks whether a one-time password may be accepted now (R5).
type Confirm struct {
	Epoch int64 `json:"epoch"`
	ID    ID    `json:"id"`
	OTP   Gen   `json:"otp"`
	// Tx names the attempt; it is never written down at the site.
	Tx string `json:"tx"`
}

// ConfirmReply is the platform's answer, for one attempt.
type ConfirmReply struct {
	Epoch int64 `json:"epoch"`
	OK    bool  `json:"ok"`
}
