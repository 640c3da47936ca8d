// Package metrics names every metric of the box, with labels and help, in one
// struct that is handed down. Labels are bounded: a door, a vendor, an outcome;
// never a MAC or an address.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Names of the metrics, for tests and dashboards.
const (
	NameAnswers  = "lineside_answers_total"
	NameDecided  = "lineside_decisions_total"
	NameDHCP     = "lineside_dhcp_messages_total"
	NameDropped  = "lineside_dropped_total"
	NamePanics   = "lineside_panics_total"
	NameCommits  = "lineside_store_commits_total"
	NameChanges  = "lineside_store_changes_total"
	NameWrites   = "lineside_store_write_seconds"
	NameFailed   = "lineside_store_failed_writes_total"
	NameCache    = "lineside_config_cache_total"
	NameMail     = "lineside_mail_total"
	NameTransfer = "lineside_transfers_running"
	NameFree     = "lineside_state_free_bytes"
)

// Set is every metric. Build it with New; the same Set is shared by all parts.
type Set struct {
	registry *prometheus.Registry
	// Answers counts what doors gave: labels front, outcome.
	Answers *prometheus.CounterVec
	// Decisions counts what the desk decided for phones: labels front, vendor,
	// outcome.
	Decisions *prometheus.CounterVec
	// DHCP counts packets by message type and what was done: labels message,
	// outcome.
	DHCP *prometheus.CounterVec
	// Dropped counts what a door threw away unanswered: labels front, reason.
	Dropped *prometheus.CounterVec
	// Panics counts recovered panics: label front.
	Panics *prometheus.CounterVec
	// Commits and Changes count disk commits and the changes they carried.
	Commits, Changes prometheus.Counter
	// Writes is how long it took until changes were on disk, Failed counts those
	// that came to nothing.
	Writes prometheus.Histogram
	Failed prometheus.Counter
	// Cache counts rendered-config look-ups: label outcome (hit, miss).
	Cache *prometheus.CounterVec
	// Mail counts tries to hand a message over: label outcome (delivered, later,
	// refused, given-up).
	Mail *prometheus.CounterVec
	// Transfers is how many transfers run: label front.
	Transfers *prometheus.GaugeVec
	// Free is what the disk of the state directory takes yet.
	Free prometheus.Gauge
}

// New registers every metric, with Go's and the process's own.
func New() *Set {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s := &Set{
		registry:  r,
		Answers:   counters(NameAnswers, "Answers given by doors.", "front", "outcome"),
		Decisions: counters(NameDecided, "Decisions of the desk.", "front", "vendor", "outcome"),
		DHCP:      counters(NameDHCP, "DHCP messages received.", "message", "outcome"),
		Dropped:   counters(NameDropped, "Requests thrown away unanswered.", "front", "reason"),
		Panics:    counters(NamePanics, "Panics recovered while answering.", "front"),
		Commits:   prometheus.NewCounter(prometheus.CounterOpts{Name: NameCommits, Help: "Disk commits."}),
		Changes:   prometheus.NewCounter(prometheus.CounterOpts{Name: NameChanges, Help: "Changes carried by disk commits."}),
		Failed:    prometheus.NewCounter(prometheus.CounterOpts{Name: NameFailed, Help: "Writes of changes that came to nothing."}),
		Writes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: NameWrites, Help: "How long it took until changes were on disk.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}),
		Cache:     counters(NameCache, "Look-ups in the cache of rendered configs.", "outcome"),
		Mail:      counters(NameMail, "Tries to hand mail over.", "outcome"),
		Transfers: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: NameTransfer, Help: "Transfers running."}, []string{"front"}),
		Free:      gauge(NameFree, "What the disk of the state directory takes yet."),
	}
	// A counter that appears with its first 1 has, for who asks how much it grew, not
	// grown: what alerts watch begins at 0.
	for _, front := range []string{"http", "https", "tftp", "dhcp", "sip", "mdns", "mail", "api", "page"} {
		s.Panics.WithLabelValues(front)
	}
	for _, outcome := range []string{"delivered", "later", "refused", "given-up"} {
		s.Mail.WithLabelValues(outcome)
	}
	r.MustRegister(s.Answers, s.Decisions, s.DHCP, s.Dropped, s.Panics, s.Commits, s.Changes, s.Writes, s.Failed, s.Cache, s.Mail, s.Transfers, s.Free)
	return s
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}
