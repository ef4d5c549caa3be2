#!/usr/bin/env bash
# @aws-lambda-powertools/idempotency 2.35.0: with an eventKeyJmesPath of several fields, all events that have none of them count as one. The
# library warns that there is no key, and answers the second event with the result of the first. With one field it runs both, as Powertools
# for Python 3.37.0 does in each case. With throwOnNoIdempotencyKey it also takes 0 for a missing key, and a list of 0 and "", and fails
# on events that Python accepts.
#
# Output seen (the results of two events):
#                                          TypeScript   Python
#   id              none                   a b          a b
#   [org, id]       none                   a a          a b
#   {o: org, i: id} none                   a a          a b
#   id              0, must have a key     error        a a
#   [org, id]       0 "", must have a key  error        a a
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check aws-lambda-powertools==3.37.0 boto3==1.44.8 jmespath==1.1.0
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @aws-lambda-powertools/idempotency@2.35.0 >/dev/null
cat >run.mjs <<'JS'
import { IdempotencyConfig, IdempotencyItemAlreadyExistsError, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { BasePersistenceLayer } from '@aws-lambda-powertools/idempotency/persistence'
class Memory extends BasePersistenceLayer {
	records = new Map()
	async _getRecord(key) { return this.records.get(key) }
	async _putRecord(record) {
		const existingRecord = this.records.get(record.idempotencyKey)
		if (existingRecord) throw new IdempotencyItemAlreadyExistsError('', existingRecord)
		this.records.set(record.idempotencyKey, record)
	}
	async _updateRecord(record) { this.records.set(record.idempotencyKey, record) }
	async _deleteRecord(record) { this.records.delete(record.idempotencyKey) }
}
console.warn = () => {}
const [eventKeyJmesPath, fields, must] = process.argv.slice(2)
const config = new IdempotencyConfig({ eventKeyJmesPath, throwOnNoIdempotencyKey: must === 'true' })
const handle = makeIdempotent(async (event) => event.name, { persistenceStore: new Memory(), config })
const event = (name) => ({ ...JSON.parse(fields), name })
console.log(await handle(event('a')).then(async (first) => `${first} ${await handle(event('b'))}`, () => 'error'))
JS
cat >run.py <<'PY'
import json, sys, warnings
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemAlreadyExistsError, IdempotencyKeyError
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer

class Memory(BasePersistenceLayer):
    records = {}

    def _get_record(self, idempotency_key):
        return self.records[idempotency_key]

    def _put_record(self, data_record):
        if data_record.idempotency_key in self.records:
            raise IdempotencyItemAlreadyExistsError(old_data_record=self.records[data_record.idempotency_key])
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record):
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record):
        del self.records[data_record.idempotency_key]

warnings.simplefilter("ignore")
path, fields, must = sys.argv[1:]
config = IdempotencyConfig(event_key_jmespath=path, raise_on_no_idempotency_key=must == "true")

@idempotent_function(data_keyword_argument="event", persistence_store=Memory(), config=config)
def handle(event):
    return event["name"]

try:
    print(*(handle(event={**json.loads(fields), "name": name}) for name in "ab"))
except IdempotencyKeyError:
    print("error")
PY
export AWS_LAMBDA_FUNCTION_NAME=f
show() { printf '%-38s %-12s %s\n' "$1" "$(node run.mjs "${@:2}")" "$(venv/bin/python run.py "${@:2}")"; }
got=$(
	printf '%-38s %-12s %s\n' '' TypeScript Python
	show 'id              none' id '{}' false
	show '[org, id]       none' '[org, id]' '{}' false
	show '{o: org, i: id} none' '{o: org, i: id}' '{}' false
	show 'id              0, must have a key' id '{"id": 0}' true
	show '[org, id]       0 "", must have a key' '[org, id]' '{"org": 0, "id": ""}' true
)
echo "$got"
want='                                       TypeScript   Python
id              none                   a b          a b
[org, id]       none                   a a          a b
{o: org, i: id} none                   a a          a b
id              0, must have a key     error        a a
[org, id]       0 "", must have a key  error        a a'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
