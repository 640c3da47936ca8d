package sipd

import (
	"net"

	"github.com/lineside/lineside/outlet"
)

// strangersShare is the part of a socket's room to send, one in so many, that
// answers to callers who proved nothing may fill.
const strangersShare = 4

// roomy reports that a socket can take an answer to a stranger: never so many
// that a call has to wait behind them.
func roomy(c net.PacketConn) bool { return outlet.Roomy(c, strangersShare) }
