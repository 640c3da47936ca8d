package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Names of the metrics that are counted when they are asked for.
const (
	NameBuild      = "lineside_build_info"
	NameConditions = "lineside_conditions"
	NameDevices    = "lineside_devices"
	NameVisitors   = "lineside_visitors"
	NamePool       = "lineside_pool_addresses"
	NameLinked     = "lineside_platform_linked"
	NameWaiting    = "lineside_platform_waiting"
)

// Box is what is counted when the metrics are asked for.
type Box struct {
	Version string
	// Conditions counts the health conditions that hold, by kind: a code without
	// the phone it may name.
	Conditions map[string]int
	// Devices counts those that are set up, by state.
	Devices  map[string]int
	Visitors int
	// Pool counts the addresses of all pools by use: "used", "resting", "reserved",
	// "free". Nil where the box gives out none.
	Pool map[string]int
	// Platform is nil where none is joined.
	Platform *Link
}

// Link is how the box stands to its platform.
type Link struct {
	Linked  bool
	Waiting int // events the platform has yet to take
}

// sample is a metric with its value as of now.
type sample struct {
	name, help, label string // label is empty for none
	values            map[string]int
}

func (b Box) samples() []sample {
	single := func(n int) map[string]int { return map[string]int{"": n} }
	list := []sample{
		{NameBuild, "1, with the version that runs.", "version", map[string]int{b.Version: 1}},
		{NameConditions, "Health conditions that hold, by kind.", "code", b.Conditions},
		{NameDevices, "Devices that are set up, by state.", "state", b.Devices},
		{NameVisitors, "Phones that asked and are not set up.", "", single(b.Visitors)},
		{NamePool, "Addresses of the DHCP pools, by use.", "use", b.Pool},
	}
	if b.Platform != nil {
		linked := 0
		if b.Platform.Linked {
			linked = 1
		}
		list = append(list, sample{NameLinked, "1 while the central platform is linked, else 0; missing where none is joined.", "", single(linked)},
			sample{NameWaiting, "Events the central platform has yet to take.", "", single(b.Platform.Waiting)})
	}
	return list
}

func (s sample) desc() *prometheus.Desc {
	if s.label == "" {
		return prometheus.NewDesc(s.name, s.help, nil, nil)
	}
	return prometheus.NewDesc(s.name, s.help, []string{s.label}, nil)
}

// Describe names them.
func (b Box) Describe(out chan<- *prometheus.Desc) {
	for _, s := range b.samples() {
		out <- s.desc()
	}
}

// Collect gives them.
func (b Box) Collect(out chan<- prometheus.Metric) {
	for _, s := range b.samples() {
		d := s.desc()
		for label, n := range s.values {
			var labels []string
			if s.label != "" {
				labels = []string{label}
			}
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
		}
	}
}

// Handler serves what the parts count, in Prometheus' text format.
func (s *Set) Handler() http.Handler { return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}) }

// With is Handler with what was counted for this one answer.
func (s *Set) With(now Box) http.Handler {
	counted := prometheus.NewRegistry()
	counted.MustRegister(now)
	return promhttp.HandlerFor(prometheus.Gatherers{s.registry, counted}, promhttp.HandlerOpts{})
}
