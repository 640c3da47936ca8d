package mdns

import (
	"strings"
	"time"

	"github.com/lineside/lineside/health"
)

// codeTaken is the condition that the box goes by another name than people type.
const codeTaken = "mdns-name-taken"

// tell puts the name before the operator.
func (a *Announcer) tell(n int, z *zone) {
	host := strings.TrimSuffix(z.names.host, ".")
	a.log.Info("announced by mDNS", "iface", a.cfg.Interface, "reason", host)
	if n == 1 {
		a.dep.Health.Clear(codeTaken)
		return
	}
	first := strings.TrimSuffix(a.cfg.named(1).host, ".")
	a.dep.Health.Raise(time.Now(), health.Condition{
		Code: codeTaken, Title: "Another machine on the LAN is called " + first,
		Meaning: "phones notice nothing; whoever opens " + first + " in a browser reaches the other machine",
		Do:      "use http://" + host + "; or switch the other one off (`avahi-resolve -4 -n " + first + "` finds it) and restart the box's service",
		Detail:  "this box goes by " + host,
	})
}
