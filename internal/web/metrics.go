package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts requests for Prometheus. Its labels are route pattern, method and status
// class, so nothing a caller sends becomes a label. It is served by [Metrics.Handler] on
// an admin address only, since counts of reports and corrections are not for everyone.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	running  prometheus.Gauge
}

// NewMetrics returns metrics of a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lantern_http_requests_total", Help: "Requests answered.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lantern_http_request_seconds", Help: "Time from the header of a request to the end of its answer; long-polls include their wait.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route", "method"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "lantern_http_requests_running", Help: "Requests being answered.",
		}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.running,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gauge adds a number of another part, read whenever metrics are asked for; ok is false
// if it is not known then. It has no labels.
func (m *Metrics) Gauge(name, help string, read func() (value float64, ok bool)) {
	m.registry.MustRegister(gauge{prometheus.NewDesc(name, help, nil, nil), read})
}

// Gauges adds numbers of another part that are read together, told apart by one label. Its
// values are words of the program, never of a caller. ok is as with [Metrics.Gauge].
func (m *Metrics) Gauges(name, help, label string, read func() (values map[string]int, ok bool)) {
	m.registry.MustRegister(gauges{prometheus.NewDesc(name, help, []string{label}, nil), read})
}

// gauges are numbers that are read when they are wanted.
type gauges struct {
	desc *prometheus.Desc
	read func() (map[string]int, bool)
}

// Describe is part of prometheus.Collector.
func (g gauges) Describe(ch chan<- *prometheus.Desc) { ch <- g.desc }

// Collect is part of prometheus.Collector.
func (g gauges) Collect(ch chan<- prometheus.Metric) {
	values, ok := g.read()
	if !ok {
		return
	}
	for word, v := range values {
		ch <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, float64(v), word)
	}
}

// gauge is a number that is read when it is wanted.
type gauge struct {
	desc *prometheus.Desc
	read func() (float64, bool)
}

// Describe is part of prometheus.Collector.
func (g gauge) Describe(ch chan<- *prometheus.Desc) { ch <- g.desc }

// Collect is part of prometheus.Collector. A number that is not known is left out: a zero
// would be a claim.
func (g gauge) Collect(ch chan<- prometheus.Metric) {
	if v, ok := g.read(); ok {
		ch <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, v)
	}
}

// Handler serves /metrics. Mount it on the admin address.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	return mux
}

// start counts a request in; the function it returns counts it out. m may be nil.
func (m *Metrics) start() func(route, method string, status int, took time.Duration) {
	if m == nil {
		return func(string, string, int, time.Duration) {}
	}
	m.running.Inc()
	return func(route, method string, status int, took time.Duration) {
		m.running.Dec()
		method = methodOf(method)
		m.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
		m.seconds.WithLabelValues(route, method).Observe(took.Seconds())
	}
}
