package ddlambda

import (
	"encoding/json"
	"io"
	"net"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
)

type metrics interface {
	distribution(name string, value float64, tags []string)
	flush()
}

// dogStatsD sends metrics to the extension.
type dogStatsD struct{ *statsd.Client }

// newDogStatsD makes a client with small buffers: the usual ones cost a start 5 ms.
func newDogStatsD() (dogStatsD, error) {
	conn, err := net.Dial("udp", extensionHost+":8125")
	if err != nil {
		return dogStatsD{}, err
	}
	client, err := statsd.NewWithWriter(packets{conn}, statsd.WithoutTelemetry(), statsd.WithoutOriginDetection(),
		statsd.WithBufferPoolSize(8), statsd.WithSenderQueueSize(8))
	return dogStatsD{client}, err
}

func (d dogStatsD) distribution(name string, value float64, tags []string) {
	_ = d.Distribution(name, value, tags, 1)
}

func (d dogStatsD) flush() { _ = d.Flush() }

// packets repeats a packet that failed, because the error is about an earlier one.
type packets struct{ net.Conn }

func (p packets) Write(packet []byte) (int, error) {
	if n, err := p.Conn.Write(packet); err == nil {
		return n, nil
	}
	return p.Conn.Write(packet)
}

// logMetrics writes metrics for the Datadog Forwarder
// (https://docs.datadoghq.com/serverless/libraries_integrations/forwarder/).
type logMetrics struct{ out io.Writer }

func (l logMetrics) distribution(name string, value float64, tags []string) {
	_ = json.NewEncoder(l.out).Encode(map[string]any{"m": name, "v": value, "e": time.Now().Unix(), "t": tags})
}

func (logMetrics) flush() {}
