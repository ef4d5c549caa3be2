package check_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/enrich"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/playbook/check"
)

func TestParameters(t *testing.T) {
	const source = `
playbooks:
  - name: one
    steps:
      - uses: lambda
        with: {function: capacity}
      - uses: http
        with: {url: "https://api.example.com/{{ .alert.host }}", secret: {name: api}}
      - name: free
        uses: http
        with: {url: "https://example.com/"}
    then:
      - name: ticket
        uses: lambda
        with: {function: "arn:aws:lambda:us-east-1:210987654321:function:ticket:live"}
  - name: two
    steps:
      - uses: lambda
        with: {function: capacity, with: {host: "{{ .alert.host }}"}}
`
	report := check.File("a.yaml", []byte(source), registry.Kinds(registry.Deps{}))
	got := check.Parameters(report.Needs, enrich.Account{Partition: "aws", Region: "eu-west-1", ID: "123456789012"})
	if diff := cmp.Diff(map[string][]string{
		"LambdaStepFunctionArns": {"arn:aws:lambda:eu-west-1:123456789012:function:capacity", "arn:aws:lambda:us-east-1:210987654321:function:ticket:live"},
		"HttpStepSecretArns":     {"arn:aws:secretsmanager:eu-west-1:123456789012:secret:api-??????"},
	}, got); diff != "" || report.Err != nil {
		t.Errorf("%v (-want +got):\n%s", report.Err, diff)
	}
}
