// An iceoryx publisher and a subscriber that lose nothing: the publisher waits for a full queue. They
// need a running iox-roudi. An end without messages to take or to loan polls: its own way to wait, a
// WaitSet, costs a semaphore for each message.
#pragma once

#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>

#include <string>

namespace peers {

inline iox::capro::IdString_t iceoryx_name(const std::string &text) {
  return iox::capro::IdString_t(iox::cxx::TruncateToCapacity, text.c_str());
}

/// `party` is unique among the processes that live at the same time.
inline void start_iceoryx(const std::string &party) {
  iox::log::LogManager::GetLogManager().SetDefaultLogLevel(
      iox::log::LogLevel::kError, iox::log::LogLevelOutput::kHideLogLevel);
  iox::runtime::PoshRuntime::initRuntime(
      iox::RuntimeName_t(iox::cxx::TruncateToCapacity, party.c_str()));
}

inline iox::capro::ServiceDescription iceoryx_service(const std::string &channel) {
  return {"Psyne", "Benchmark", iceoryx_name(channel)};
}

class Publisher {
 public:
  explicit Publisher(const std::string &channel) : publisher_(iceoryx_service(channel), options()) {}

  /// False where no chunk is to be had just now.
  template <class Fill>
  bool send(size_t bytes, Fill fill) {
    auto loan = publisher_.loan(uint32_t(bytes));
    if (loan.has_error()) return false;
    fill(static_cast<uint64_t *>(loan.value()));
    publisher_.publish(loan.value());
    return true;
  }

  bool has_subscribers() { return publisher_.hasSubscribers(); }

 private:
  static iox::popo::PublisherOptions options() {
    iox::popo::PublisherOptions options;
    options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
    options.historyCapacity = 0;
    return options;
  }

  iox::popo::UntypedPublisher publisher_;
};

class Subscriber {
 public:
  explicit Subscriber(const std::string &channel)
      : subscriber_(iceoryx_service(channel), options()) {}

  /// `use(words, bytes)`. False when there is none.
  template <class Use>
  bool receive(Use use) {
    auto taken = subscriber_.take();
    if (taken.has_error()) return false;
    const void *payload = taken.value();
    use(static_cast<const uint64_t *>(payload),
        size_t(iox::mepoo::ChunkHeader::fromUserPayload(payload)->userPayloadSize()));
    subscriber_.release(payload);
    return true;
  }

  bool is_subscribed() {
    return subscriber_.getSubscriptionState() == iox::SubscribeState::SUBSCRIBED;
  }

 private:
  static iox::popo::SubscriberOptions options() {
    iox::popo::SubscriberOptions options;
    options.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
    options.queueCapacity = 256;  // the library's greatest
    return options;
  }

  iox::popo::UntypedSubscriber subscriber_;
};

}  // namespace peers
