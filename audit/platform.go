package audit

// PlatformJoined says that the box joined a central platform, as which site.
type PlatformJoined struct {
	Site string `json:"site"`
	URL  string `json:"url"`
}

// PlatformLeft says that the box belongs to no platform any more.
type PlatformLeft struct {
	Site string `json:"site"`
}

// Provisioned says that phones fetched their full config with their own
// credential: Times of them since the entry before. Only a box that has joined a
// platform keeps it.
type Provisioned struct {
	Times int `json:"times"`
}

// Visited says that a phone nobody has set up asked for the first time.
type Visited struct {
	Vendor string `json:"vendor"`
}

// PlatformAsked says that an operator here asked the platform for what it alone
// may do to a device: What is "reset", "unblock" or "allow-otp". What came of it
// is a later entry by the platform.
type PlatformAsked struct {
	What string `json:"what"`
}

// Kind names the event in the log.
func (PlatformJoined) Kind() string { return "platform-joined" }
func (PlatformLeft) Kind() string   { return "platform-left" }
func (PlatformAsked) Kind() string  { return "platform-asked" }
func (Provisioned) Kind() string    { return "provisioned" }
func (Visited) Kind() string        { return "visited" }
