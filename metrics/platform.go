package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Names of the platform's metrics.
const (
	NameCentralAnswers = "lineside_central_api_answers_total"
	NameCentralPanics  = "lineside_central_panics_total"
	NameCentralSites   = "lineside_central_sites"
	NameCentralDevices = "lineside_central_devices"
	NameCentralDeaf    = "lineside_central_deaf"
	NameCentralAsked   = "lineside_central_asked_total"
	NameCentralFree    = "lineside_central_disk_free_bytes"
	NameCentralStream  = "lineside_central_stream_bytes"
	NameCentralMost    = "lineside_central_stream_max_bytes"
)

// Platform is every metric of the central platform, as Set is of a box.
type Platform struct {
	registry *prometheus.Registry
	// Answers counts what operators' calls became: label outcome.
	Answers *prometheus.CounterVec
	// Asked counts boxes' requests over HTTPS: label outcome.
	Asked *prometheus.CounterVec
	// Panics counts recovered panics.
	Panics prometheus.Counter
	// Free is what the disk of the platform's directory takes yet, Stream how
	// large its stream is on every node, Most how large it may become, 0 without
	// a bound.
	Free, Stream, Most prometheus.Gauge
}

// Counted is how many of each there are now.
type Counted struct {
	// Sites by state: "invited", "joined", "silent", "revoked".
	Sites   map[string]int
	Devices int
	// Deaf says that the platform cannot read its stream.
	Deaf bool
}

// NewPlatform registers every metric. count is asked at each scrape.
func NewPlatform(count func() (Counted, error)) *Platform {
	r := prometheus.NewRegistry()
	p := &Platform{
		registry: r,
		Answers:  counters(NameCentralAnswers, "Answers to operators.", "outcome"),
		Asked:    counters(NameCentralAsked, "Requests of boxes over HTTPS.", "outcome"),
		Panics:   prometheus.NewCounter(prometheus.CounterOpts{Name: NameCentralPanics, Help: "Panics recovered while answering."}),
		Free:     gauge(NameCentralFree, "What the disk of the platform's directory takes yet."),
		Stream:   gauge(NameCentralStream, "Size of the platform's stream on each node."),
		Most:     gauge(NameCentralMost, "The most the stream may become (nats.max_mib), 0 without a bound."),
	}
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), p.Answers, p.Asked, p.Panics, p.Free, p.Stream, p.Most, counted{count})
	return p
}

// Handler serves the metrics in Prometheus' text format.
func (p *Platform) Handler() http.Handler {
	return promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{})
}

// counted asks for numbers when they are scraped.
type counted struct{ ask func() (Counted, error) }

func sitesDesc() *prometheus.Desc {
	return prometheus.NewDesc(NameCentralSites, "Sites by state.", []string{"state"}, nil)
}

func devicesDesc() *prometheus.Desc {
	return prometheus.NewDesc(NameCentralDevices, "Devices of all sites.", nil, nil)
}

func deafDesc() *prometheus.Desc {
	return prometheus.NewDesc(NameCentralDeaf, "1 while the platform cannot read its stream, else 0.", nil, nil)
}

// Describe names them.
func (counted) Describe(out chan<- *prometheus.Desc) {
	out <- sitesDesc()
	out <- devicesDesc()
	out <- deafDesc()
}

// Collect asks for them.
func (c counted) Collect(out chan<- prometheus.Metric) {
	n, err := c.ask()
	if err != nil {
		out <- prometheus.NewInvalidMetric(sitesDesc(), err)
		return
	}
	for state, count := range n.Sites {
		out <- prometheus.MustNewConstMetric(sitesDesc(), prometheus.GaugeValue, float64(count), state)
	}
	out <- prometheus.MustNewConstMetric(devicesDesc(), prometheus.GaugeValue, float64(n.Devices))
	deaf := 0.0
	if n.Deaf {
		deaf = 1
	}
	out <- prometheus.MustNewConstMetric(deafDesc(), prometheus.GaugeValue, deaf)
}
