package secret

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"boomerang/shared/fault"
)

// GetSecretValue is a method of *secretsmanager.Client. It needs the permission
// secretsmanager:GetSecretValue. The linker would keep all methods of a client that an interface holds.
type GetSecretValue func(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)

// The staging labels of a rotation
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version).
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
	pending  = "AWSPENDING"
)

func byStage(id, stage string) *secretsmanager.GetSecretValueInput {
	return &secretsmanager.GetSecretValueInput{SecretId: &id, VersionStage: &stage}
}

// fetch returns the content of one version of a secret.
func fetch(ctx context.Context, get GetSecretValue, in *secretsmanager.GetSecretValueInput) ([]byte, error) {
	out, err := get(ctx, in)
	switch {
	case err != nil:
		return nil, readError(*in.SecretId, err)
	case out != nil && out.SecretString != nil:
		return []byte(*out.SecretString), nil
	case out != nil && out.SecretBinary != nil:
		return out.SecretBinary, nil
	}
	return nil, fault.New(fault.Temporary, fmt.Sprintf("Secrets Manager returned secret %q without a value; it will be retried", *in.SecretId), nil)
}

const notFound = "ResourceNotFoundException"

// readErrors are the error codes of GetSecretValue with a remedy
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors).
// All other codes are temporary.
var readErrors = map[string]struct {
	kind fault.Kind
	text string
}{
	notFound:                    {fault.Permanent, "secret %q does not exist in this account and region, or has no value: create it, or correct the variable that names it"},
	"InvalidParameterException": {fault.Permanent, "%q is not the name or the ARN of a secret: correct the variable that names it"},
	"ValidationException":       {fault.Permanent, "%q is not the name or the ARN of a secret: correct the variable that names it"},
	"InvalidRequestException":   {fault.Permanent, "secret %q cannot be read, most likely because it is scheduled for deletion: restore it"},
	"AccessDeniedException":     {fault.Temporary, "the function's role cannot read secret %q: allow secretsmanager:GetSecretValue on it, and kms:Decrypt if it has its own key"},
	"DecryptionFailure":         {fault.Temporary, "secret %q cannot be decrypted: enable its KMS key, and allow the function's role kms:Decrypt with it"},
}

func readError(id string, err error) error {
	if known, ok := readErrors[errorCode(err)]; ok {
		return fault.New(known.kind, fmt.Sprintf(known.text, id), err)
	}
	text := "secret %q cannot be read because Secrets Manager failed; it will be retried"
	if errors.Is(err, context.DeadlineExceeded) {
		text = "secret %q cannot be read because Secrets Manager did not answer in time; it will be retried"
	}
	return fault.New(fault.Temporary, fmt.Sprintf(text, id), redactError(err))
}

// errorCode returns the code of an error that AWS sent, or "".
func errorCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// redactError drops the SDK's text about an unreadable response, which quotes the
// response and with it the secret.
func redactError(err error) error {
	if errorCode(err) != "" {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return fmt.Errorf("the response with HTTP status %d is not readable", response.HTTPStatusCode())
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return errors.New("the response is not readable")
	}
	return err
}

// member is a text in a secret that is a JSON object.
type member struct {
	name string
	// also are other names, in lower case without separators.
	also []string
}

func (m member) isNamed(name string) bool {
	return name == m.name || slices.Contains(m.also, strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name)))
}

// find returns the text, trimmed, and the names that have one. Other members may hold
// anything. The member's own name comes before all others, as in every version. If two of
// the others have different texts, which of them is right cannot be known.
func (m member) find(object map[string]json.RawMessage) (value Secret, names []string, isConflict bool) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		var text string
		if !m.isNamed(name) || json.Unmarshal(object[name], &text) != nil || strings.TrimSpace(text) == "" {
			continue
		}
		found := New(strings.TrimSpace(text))
		if name == m.name {
			return found, []string{name}, false
		}
		isConflict = isConflict || len(names) > 0 && !found.Equal(value)
		value, names = found, append(names, name)
	}
	return value, names, isConflict
}

// fetchMembers returns members of a secret that is a JSON object. Errors do not quote the
// content.
func fetchMembers(ctx context.Context, get GetSecretValue, in *secretsmanager.GetSecretValueInput, members ...member) ([]Secret, error) {
	content, err := fetch(ctx, get, in)
	if err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	isObject := json.Unmarshal(content, &object) == nil && object != nil
	values := make([]Secret, len(members))
	var missing, conflicts, want []string
	for i, m := range members {
		var names []string
		var isConflict bool
		if values[i], names, isConflict = m.find(object); isConflict {
			conflicts = append(conflicts, strings.Join(names, " and "))
		}
		if names == nil {
			missing = append(missing, m.name)
		}
		want = append(want, fmt.Sprintf("%q:%q", m.name, "…"))
	}
	problem, remedy := "", "store {"+strings.Join(want, ",")+"} in it"
	switch {
	case !isObject && len(missing) > 1 && len(bytes.Fields(content)) == 1 && !bytes.ContainsAny(content, "{}[]") && string(content) != "null":
		problem = fmt.Sprintf("is plain text: if it is the %s, the %s is missing", missing[0], strings.Join(missing[1:], " and "))
	case !isObject:
		problem = "is not a JSON object"
	case missing != nil:
		problem = "has no text in " + strings.Join(missing, " and ")
	case conflicts != nil:
		problem, remedy = "has different values in "+strings.Join(conflicts, ", and in "), "keep the right one"
	default:
		return values, nil
	}
	return nil, fault.New(fault.Permanent, fmt.Sprintf("secret %q %s: %s", *in.SecretId, problem, remedy), nil)
}

// CurrentToken returns the AWSCURRENT token of the secret with this name or ARN and the
// content {"token":"…"}. It is not cached.
func CurrentToken(ctx context.Context, get GetSecretValue, id string) (Secret, error) {
	return fetchToken(ctx, get, byStage(id, current))
}

func fetchToken(ctx context.Context, get GetSecretValue, in *secretsmanager.GetSecretValueInput) (Secret, error) {
	values, err := fetchMembers(ctx, get, in, member{name: "token"})
	if err != nil {
		return Secret{}, err
	}
	return values[0], nil
}
