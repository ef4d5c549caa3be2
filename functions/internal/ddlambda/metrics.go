package ddlambda

import (
	"encoding/json"
	"io"
	"net"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
)

// newDogStatsD makes a client of the extension with small buffers: the usual ones cost a
// start 5 ms.
func newDogStatsD() (*statsd.Client, error) {
	conn, err := net.Dial("udp", extensionHost+":8125")
	if err != nil {
		return nil, err
	}
	return statsd.NewWithWriter(packets{conn}, statsd.WithoutTelemetry(), statsd.WithoutOriginDetection(),
		statsd.WithBufferPoolSize(8), statsd.WithSenderQueueSize(8))
}

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
type logMetrics struct {
	statsd.NoOpClient
	out io.Writer
}

func (l *logMetrics) Distribution(name string, value float64, tags []string, _ float64) error {
	return json.NewEncoder(l.out).Encode(map[string]any{"m": name, "v": value, "e": time.Now().Unix(), "t": tags})
}
