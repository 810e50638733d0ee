// Package interhuman gets access tokens with Go's standard library alone. Copy this file; Go 1.19 or newer.
//
//	source := interhuman.NewTokenSource(interhuman.Key{ID: id, Secret: secret, Scopes: []string{"interhumanai.upload"}})
//	token, err := source.Get(ctx)
//	request.Header.Set("Authorization", "Bearer "+token.Value)
//
// RequestToken is strict: one POST, and the answer as it came. TokenSource keeps its token. Independent of Interhuman, not
// affiliated. See our contract, sections 1, 2 and 8; docs/recipes/cases.json says what is right, case by case.
package interhuman

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	defaultAPIURL   = "https://api.interhuman.ai"
	exchangeTimeout = 15 * time.Second
	largestBody     = 1 << 20
)

// Key is an API key and what it is used for. Printing it shows the id alone.
type Key struct {
	ID, Secret string
	Scopes     []string
	// APIURL is https, or http to this machine; the published address if empty.
	APIURL string
}

func (k Key) Format(state fmt.State, _ rune)          { io.WriteString(state, "key "+k.ID) }
func (k Key) MarshalJSON() ([]byte, error)            { return nil, errors.New("a key is not to be written") }
func (t Token) Format(state fmt.State, _ rune)        { io.WriteString(state, "token") }
func (t Token) MarshalJSON() ([]byte, error)          { return nil, errors.New("a token is not to be written") }
func (s *TokenSource) Format(state fmt.State, _ rune) { io.WriteString(state, "token source") }

// Answer is the answer of an exchange as it came.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Token is a bearer token. Printing it shows nothing of it.
type Token struct {
	Value string
	// Spent is when it must not be used any more; it carries the monotonic clock.
	Spent, due time.Time
}

// Error says that the service gave no token. Its text holds no word of the answer.
type Error struct {
	Status                 int
	ErrorID, CorrelationID string
	Body                   []byte
}

func (e *Error) Error() string {
	return fmt.Sprintf("no token: status %d, error id %q, correlation id %q", e.Status, e.ErrorID, e.CorrelationID)
}

// No proxy is taken and no redirect followed: either would hand the secret on.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// RequestToken exchanges a key, strictly: one POST, nothing parsed or retried.
func RequestToken(ctx context.Context, key Key) (*Answer, error) {
	address, err := exchangeAddress(key.APIURL)
	if err != nil {
		return nil, err
	}
	fields := struct {
		ID     string   `json:"key_id"`
		Secret string   `json:"key_secret"`
		Scopes []string `json:"scopes"`
	}{key.ID, key.Secret, key.Scopes}
	body, err := json.Marshal(fields)
	if err != nil || key.ID == "" || key.Secret == "" || len(key.Scopes) == 0 {
		return nil, errors.New("a key needs an id, a secret and at least one scope")
	}
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address of the API is none")
	}
	request.GetBody = nil // nothing is sent twice
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-Encoding", "identity")
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the service was not reached: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 3 {
		return nil, fmt.Errorf("the answer is a redirect (%d), which is not followed", response.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, largestBody))
	if err != nil {
		return nil, fmt.Errorf("the answer was cut short: %w", err)
	}
	return &Answer{response.StatusCode, response.Header, answer}, nil
}

func exchangeAddress(apiURL string) (string, error) {
	if apiURL == "" {
		apiURL = defaultAPIURL
	}
	parsed, err := url.Parse(apiURL)
	if err != nil || parsed.Host == "" || parsed.User != nil || strings.ContainsAny(apiURL, "?#\\ ") {
		return "", errors.New("the address must be an absolute https URL without user information or query")
	}
	ip := net.ParseIP(parsed.Hostname())
	loopback := parsed.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
	if parsed.Scheme != "https" && !(parsed.Scheme == "http" && loopback) {
		return "", errors.New("plain http is for this machine only")
	}
	return strings.TrimRight(apiURL, "/") + "/v0/auth", nil
}

var (
	bearerForm      = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)
	errorIDForm     = regexp.MustCompile(`^[a-z]{2}[0-9]{4}$`)
	correlationForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// ReadToken reads an answer. A lifetime counts from the start of the request.
func ReadToken(answer *Answer, asked time.Time) (*Token, error) {
	var fields struct {
		Value         string  `json:"access_token"`
		Type          string  `json:"token_type"`
		Life          float64 `json:"expires_in"`
		ErrorID       string  `json:"error_id"`
		CorrelationID string  `json:"correlation_id"`
	}
	err := json.Unmarshal(answer.Body, &fields)
	if err != nil || answer.Status != 200 || !bearerForm.MatchString(fields.Value) || !strings.EqualFold(fields.Type, "bearer") {
		return nil, &Error{answer.Status, keep(errorIDForm, fields.ErrorID), keep(correlationForm, fields.CorrelationID), answer.Body}
	}
	life := time.Duration(math.Min(math.Max(fields.Life, 0), 86_400) * float64(time.Second))
	early := life / 50
	if early < 5*time.Second {
		early = 5 * time.Second
	}
	if early > life/2 {
		early = life / 2
	}
	return &Token{Value: fields.Value, Spent: asked.Add(life - early), due: asked.Add(life * 8 / 10)}, nil
}

func keep(form *regexp.Regexp, value string) string {
	if form.MatchString(value) {
		return value
	}
	return ""
}

// TokenSource gives living tokens to any number of goroutines, with one exchange at a time.
type TokenSource struct {
	request func() (*Answer, error) // holds the key, so that printing a source shows nothing of it
	lock    chan struct{}           // of one: a lock that can be waited for with a context
	mutex   sync.Mutex
	token   *Token
	// The last failure, and until when it is given again without another try.
	failure error
	blocked time.Time
}

// NewTokenSource makes a source that has no token yet.
func NewTokenSource(key Key) *TokenSource {
	request := func() (*Answer, error) { return RequestToken(context.Background(), key) } // others wait for it as well
	return &TokenSource{request: request, lock: make(chan struct{}, 1)}
}

// Get gives a living token. From 80 % of its life on one caller asks for a new one, and gets the old one if that fails.
func (s *TokenSource) Get(ctx context.Context) (*Token, error) {
	if token, err := s.kept(false); token != nil || err != nil {
		return token, err
	}
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if token, err := s.kept(true); token != nil || err != nil {
		return token, err
	}
	asked := time.Now()
	answer, err := s.request()
	var token *Token
	if err == nil {
		token, err = ReadToken(answer, asked)
	}
	return s.settle(token, err)
}

// kept gives what needs no exchange: a token that is not due, a failure that is not to be tried again yet, and to whoever
// does not hold the lock a living token while another renews it.
func (s *TokenSource) kept(holdsLock bool) (*Token, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now()
	living := s.token != nil && now.Before(s.token.Spent) && now.Round(0).Before(s.token.Spent.Round(0))
	renewing := !holdsLock && len(s.lock) > 0
	if living && (now.Before(s.token.due) || renewing || now.Before(s.blocked)) {
		return s.token, nil
	}
	if s.failure != nil && now.Before(s.blocked) {
		return nil, s.failure
	}
	return nil, nil
}

func (s *TokenSource) settle(token *Token, err error) (*Token, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err == nil {
		s.token, s.failure, s.blocked = token, nil, time.Time{}
		return token, nil
	}
	s.failure, s.blocked = err, time.Now().Add(time.Second)
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Status < 500 && refusal.Status != 429 {
		s.blocked = time.Now().Add(time.Minute)
		if refusal.Status == 401 || refusal.Status == 403 {
			s.token = nil
		}
	}
	if s.token != nil && time.Now().Before(s.token.Spent) {
		return s.token, nil
	}
	return nil, err
}

// Drop forgets a token that a resource refused, unless it was replaced already.
func (s *TokenSource) Drop(token *Token) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.token == token {
		s.token = nil
	}
}
