#!/usr/bin/env bash
# aws-lambda-powertools 3.37.0 (PyPI): a metric that gets values in two units within one invocation has the unit of the last one, also for the
# values before it: 1500 ms becomes 1500 seconds, without a warning. aws-embedded-metrics 3.5.0 (PyPI) and 4.2.1 (npm), the other
# writers of CloudWatch's embedded metric format, keep the first unit, so there 2 s becomes 2 ms. Only Powertools for TypeScript 2.36.0 refuses.
#
# Output seen (1500 Milliseconds, then 2 Seconds):
#   Powertools, Python            Seconds       [1500.0, 2.0]
#   aws-embedded-metrics, Python  Milliseconds  [1500, 2]
#   Powertools, TypeScript        error
#   aws-embedded-metrics, npm     Milliseconds  [1500, 2]
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check aws-lambda-powertools==3.37.0 aws-embedded-metrics==3.5.0
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @aws-lambda-powertools/metrics@2.36.0 aws-embedded-metrics@4.2.1 >/dev/null
cat >write.py <<'PY'
import json
from aws_embedded_metrics.logger.metrics_context import MetricsContext
from aws_embedded_metrics.serializers.log_serializer import LogSerializer
from aws_lambda_powertools import Metrics

def show(name, written):
    unit = written["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"]
    print(f"{name:29} {unit:13} {written['latency']}")

metrics = Metrics(namespace="shop", service="checkout")
metrics.add_metric(name="latency", unit="Milliseconds", value=1500)
metrics.add_metric(name="latency", unit="Seconds", value=2)
show("Powertools, Python", metrics.serialize_metric_set())
context = MetricsContext.empty()
context.put_metric("latency", 1500, "Milliseconds")
context.put_metric("latency", 2, "Seconds")
show("aws-embedded-metrics, Python", json.loads(LogSerializer.serialize(context)[0]))
PY
cat >write.mjs <<'JS'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { MetricsContext } from 'aws-embedded-metrics/lib/logger/MetricsContext.js'
import { LogSerializer } from 'aws-embedded-metrics/lib/serializers/LogSerializer.js'

const metrics = new Metrics({ namespace: 'shop', serviceName: 'checkout' })
metrics.addMetric('latency', 'Milliseconds', 1500)
try {
	metrics.addMetric('latency', 'Seconds', 2)
	console.log(JSON.stringify(metrics.serializeMetrics()))
} catch {
	console.log('Powertools, TypeScript        error')
}
const context = MetricsContext.empty()
context.putMetric('latency', 1500, 'Milliseconds')
context.putMetric('latency', 2, 'Seconds')
const written = JSON.parse(new LogSerializer().serialize(context)[0])
const { Unit } = written._aws.CloudWatchMetrics[0].Metrics[0]
console.log(`${'aws-embedded-metrics, npm'.padEnd(29)} ${Unit.padEnd(13)} [${written.latency.join(', ')}]`)
JS
got=$(
	venv/bin/python write.py
	node write.mjs
)
echo "$got"
want='Powertools, Python            Seconds       [1500.0, 2.0]
aws-embedded-metrics, Python  Milliseconds  [1500, 2]
Powertools, TypeScript        error
aws-embedded-metrics, npm     Milliseconds  [1500, 2]'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
