package broker

import (
	"context"

	"github.com/lineside/lineside/sync/central"
)

// Doorkeeper says which boxes may connect.
type Doorkeeper interface {
	// Admit notes where a box connects from before it answers.
	Admit(ctx context.Context, c central.Connection) (site string, err error)
	// Connected is told every connection there is.
	Connected(ctx context.Context, all []central.Connection) error
	// OnRevoke has f called with every site whose box is to be cut off.
	OnRevoke(f func(site string))
}

// Desk answers what boxes ask.
type Desk interface {
	Answer(site, op string, request []byte) ([]byte, error)
	// Watch has f called with every site that has news, until stop.
	Watch(f func(site string)) (stop func())
}

// Platform is who stands behind the broker: *central.Platform.
type Platform interface {
	Doorkeeper
	Desk
}
