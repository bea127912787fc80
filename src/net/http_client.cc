#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "net/curl_error.h"

namespace datastorage::net {
namespace {

struct EasyCloser {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct SlistCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using EasyHandle = std::unique_ptr<CURL, EasyCloser>;
using HeaderList = std::unique_ptr<curl_slist, SlistCloser>;

char LowerCase(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, LowerCase, LowerCase);
}

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

void InitializeCurlOnce() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  DS_CHECK(code == CURLE_OK);
}

}  // namespace

const std::string* HttpResponse::FindHeader(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (EqualsIgnoringCase(header.name, name)) return &header.value;
  }
  return nullptr;
}

// Handles that keep their connections, handed out latest first so that idle ones grow cold.
class HttpClient::Pool {
 public:
  explicit Pool(std::size_t count_max) : free_slot_count_(count_max) {}

  // nullptr when the deadline passed while all were in use.
  EasyHandle Take(Deadline deadline) {
    std::unique_lock lock(mutex_);
    const bool has_slot =
        slot_freed_.wait_for(lock, deadline.Remaining(), [this] { return free_slot_count_ > 0; });
    if (!has_slot) return nullptr;
    EasyHandle handle;
    if (idle_.empty()) {
      handle.reset(curl_easy_init());
      DS_CHECK(handle != nullptr);
    } else {
      handle = std::move(idle_.back());
      idle_.pop_back();
    }
    --free_slot_count_;
    return handle;
  }

  void Return(EasyHandle handle) {
    {
      const std::lock_guard lock(mutex_);
      idle_.push_back(std::move(handle));
      ++free_slot_count_;
    }
    slot_freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable slot_freed_;
  std::vector<EasyHandle> idle_;
  std::size_t free_slot_count_;
};

namespace {

// One request on its way; libcurl's callbacks work on it.
class Exchange {
 public:
  Exchange(const HttpRequest& request, const HttpClientOptions& options, CURL* easy)
      : request_(request), options_(options), easy_(easy) {}

  Result<HttpResponse> Run(std::chrono::milliseconds time_left) {
    SetUp(time_left);
    const CURLcode code = curl_easy_perform(easy_);
    if (is_too_large_) return ResourceExhausted("the answer is larger than this client accepts");
    if (code != CURLE_OK) {
      // A connection error is told apart by its code; past it, the request may have been read.
      return TranslateCurlError(code, !request_.is_idempotent && WasSent());
    }
    if (request_.line_sink && !line_.empty()) request_.line_sink(line_);
    response_.status = Status();
    return std::move(response_);
  }

 private:
  template <class Value>
  void Set(CURLoption option, Value value) {
    DS_CHECK(curl_easy_setopt(easy_, option, value) == CURLE_OK);
  }

  void SetUp(std::chrono::milliseconds time_left) {
    curl_easy_reset(easy_);
    Set(CURLOPT_URL, request_.url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    Set(CURLOPT_FOLLOWLOCATION, 0L);
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_NOSIGNAL, 1L);
    if (!options_.authority_file.empty()) {
      Set(CURLOPT_CAINFO, options_.authority_file.c_str());
      Set(CURLOPT_CAPATH, nullptr);
    }
    Set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    Set(CURLOPT_TIMEOUT_MS, static_cast<long>(time_left.count()));
    Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    Set(CURLOPT_LOW_SPEED_TIME,
        std::max(1L, static_cast<long>(options_.stall_timeout.count() / 1000)));
    // On a reused connection that turns out dead libcurl repeats the request without a word.
    Set(CURLOPT_FRESH_CONNECT, request_.is_idempotent ? 0L : 1L);
    SetUpBody();
    SetUpHeaders();
    Set(CURLOPT_HEADERFUNCTION, &Exchange::OnHeader);
    Set(CURLOPT_HEADERDATA, this);
    Set(CURLOPT_WRITEFUNCTION, &Exchange::OnBody);
    Set(CURLOPT_WRITEDATA, this);
  }

  void SetUpBody() {
    if (request_.body_source) {
      Set(CURLOPT_POST, 1L);
      Set(CURLOPT_READFUNCTION, &Exchange::OnRead);
      Set(CURLOPT_READDATA, this);
    } else if (!request_.body.empty() || (request_.method != "GET" && request_.method != "HEAD")) {
      Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      Set(CURLOPT_POSTFIELDS, request_.body.data());
    }
    if (request_.method == "HEAD") {
      Set(CURLOPT_NOBODY, 1L);
    } else {
      Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
  }

  void SetUpHeaders() {
    Append("Expect:");  // No pause before large bodies.
    if (request_.body_source) Append("Transfer-Encoding: chunked");
    bool has_type = false;
    for (const HttpHeader& header : request_.headers) {
      has_type = has_type || EqualsIgnoringCase(header.name, "Content-Type");
      // libcurl drops "Name:"; "Name;" is its spelling of a header without a value.
      Append(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
    }
    if (!has_type) Append("Content-Type:");  // Not the form type libcurl would claim.
    Set(CURLOPT_HTTPHEADER, header_list_.get());
  }

  void Append(const std::string& line) {
    curl_slist* longer = curl_slist_append(header_list_.get(), line.c_str());
    DS_CHECK(longer != nullptr);
    if (header_list_ == nullptr) header_list_.reset(longer);
  }

  bool WasSent() const {
    long request_byte_count = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &request_byte_count);
    return request_byte_count > 0;
  }

  int Status() const {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }

  static std::size_t OnRead(char* buffer, std::size_t size, std::size_t count, void* self) {
    return static_cast<Exchange*>(self)->request_.body_source(buffer, size * count);
  }

  static std::size_t OnHeader(char* bytes, std::size_t size, std::size_t count, void* self) {
    static_cast<Exchange*>(self)->TakeHeader({bytes, size * count});
    return size * count;
  }

  void TakeHeader(std::string_view line) {
    if (line.starts_with("HTTP/")) {
      response_.headers.clear();  // Those of an interim answer.
      return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    response_.headers.push_back(
        {std::string(Trim(line.substr(0, colon))), std::string(Trim(line.substr(colon + 1)))});
  }

  // Returning less than was given makes libcurl end the transfer.
  static std::size_t OnBody(char* bytes, std::size_t size, std::size_t count, void* self) {
    Exchange& exchange = *static_cast<Exchange*>(self);
    const std::string_view part(bytes, size * count);
    const bool is_streamed =
        exchange.request_.line_sink && exchange.Status() >= 200 && exchange.Status() < 300;
    const bool fits = is_streamed ? exchange.TakeLines(part) : exchange.TakeBody(part);
    exchange.is_too_large_ = !fits;
    return fits ? part.size() : 0;
  }

  bool TakeBody(std::string_view part) {
    if (response_.body.size() + part.size() > options_.response_byte_count_max) return false;
    response_.body.append(part);
    return true;
  }

  bool TakeLines(std::string_view part) {
    std::size_t begin = 0;
    for (std::size_t end = part.find('\n'); end != std::string_view::npos;
         end = part.find('\n', begin)) {
      line_.append(part.substr(begin, end - begin));
      request_.line_sink(line_);
      line_.clear();
      begin = end + 1;
    }
    line_.append(part.substr(begin));
    return line_.size() <= options_.line_byte_count_max;
  }

  const HttpRequest& request_;
  const HttpClientOptions& options_;
  CURL* easy_;
  HeaderList header_list_;
  HttpResponse response_;
  std::string line_;  // The begun one.
  bool is_too_large_ = false;
};

}  // namespace

HttpClient::HttpClient(HttpClientOptions options)
    : options_(std::move(options)),
      pool_(std::make_unique<Pool>(std::max<std::size_t>(1, options_.connection_count_max))) {
  InitializeCurlOnce();
}

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::Send(const HttpRequest& request, Deadline deadline) {
  EasyHandle handle = pool_->Take(deadline);
  if (handle == nullptr) return DeadlineExceeded("no connection became free in time");
  const auto time_left = std::chrono::ceil<std::chrono::milliseconds>(deadline.Remaining());
  Result<HttpResponse> answer = DeadlineExceeded("no time was left to send the request");
  // libcurl takes a timeout of 0 for none at all.
  if (time_left.count() > 0) {
    Exchange exchange(request, options_, handle.get());
    answer = exchange.Run(time_left);
  }
  pool_->Return(std::move(handle));
  return answer;
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kMarks = "-._~";
  std::string out;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= '0' && byte <= '9') ||
                          kMarks.find(letter) != std::string_view::npos;
    if (is_plain) {
      out.push_back(letter);
    } else {
      out.push_back('%');
      out.push_back(kDigits[byte >> 4U]);
      out.push_back(kDigits[byte & 15U]);
    }
  }
  return out;
}

}  // namespace datastorage::net
