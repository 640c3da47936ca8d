package metrics_test

import (
	"testing"

	"github.com/lineside/lineside/metrics"
)

func TestWork(t *testing.T) {
	set := metrics.New()
	set.Answers.WithLabelValues("tftp", "content").Add(2)
	set.Answers.WithLabelValues("http", "busy").Inc()
	set.Dropped.WithLabelValues("tftp", "overload").Inc()
	set.Dropped.WithLabelValues("dhcp", "short").Inc()
	set.DHCP.WithLabelValues("discover", "offered").Add(4)
	for front, want := range map[string]float64{"tftp": 3, "http": 1, "dhcp": 5, "sip": 0} {
		if got, err := set.Work(front); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", front, got, err, want)
		}
	}
}
