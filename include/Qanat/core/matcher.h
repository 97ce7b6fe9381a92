// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_MATCHER_H
#define QANAT_CORE_MATCHER_H

#include <Qanat/core/event.h>
#include <Qanat/core/qanatcore_export.h>

#include <functional>
#include <memory>
#include <type_traits>

namespace Qanat {

class MatcherNode;

/*!
 * A question about an event, answered with yes or no: a value that can be copied, combined and printed.
 *
 * \code
 * const auto wanted = Matcher::type(u"ui.*.clicked"_s) && !Matcher::source(u"/tests"_s);
 * events->add(std::make_unique<Queue>(std::make_unique<Filter>(wanted, std::move(http))));
 * \endcode
 *
 * **Patterns** are matched against the whole text, by upper and lower case. `*` stands for any characters but the separator,
 * also for none, `**` for any characters, `?` for one that is not the separator, and a backslash takes the special
 * meaning from what follows. The separator is a dot in a type, and a slash in a source or a subject.
 *
 * **Threads.** A matcher may be asked from several threads at once; a function of the user's has to allow that.
 */
class QANAT_CORE_EXPORT Matcher
{
public:
    //! A question of the user's. It may be asked in several threads at once.
    using Function = std::function<bool(const Event &)>;

    //! Matches every event.
    Matcher();
    //! What \a function says. Where it throws, the event fails, and no other; an empty function matches nothing.
    Matcher(Function function);
    //! The same for whatever can be called so.
    template<
        typename Callable,
        std::enable_if_t<
            std::is_invocable_r_v<
                bool, Callable,
                const Event
                    &> && !std::is_base_of_v<Matcher, std::decay_t<Callable>> && !std::is_same_v<std::decay_t<Callable>, Function>,
            int> = 0>
    Matcher(Callable callable)
        : Matcher(Function(std::move(callable)))
    {
    }

    //! Whether the type matches \a pattern.
    [[nodiscard]] static Matcher type(const QString &pattern);
    //! Whether the source matches \a pattern.
    [[nodiscard]] static Matcher source(const QString &pattern);
    //! Whether the subject matches \a pattern; an event without one has the empty text.
    [[nodiscard]] static Matcher subject(const QString &pattern);
    /*!
     * Whether the attribute \a name, one of CloudEvents' own (`id`, `type`, `source`, `subject`, `time`,
     * `datacontenttype`, `dataschema`) or an extension, is set and equals \a value, as QVariants compare.
     */
    [[nodiscard]] static Matcher attribute(const QString &name, const QVariant &value);
    //! Whether the attribute \a name is set.
    [[nodiscard]] static Matcher attribute(const QString &name);
    /*!
     * Whether the data has a value at \a pointer, a JSON Pointer (RFC 6901: `/items/3/price`; empty for the data as a whole),
     * and it equals \a value, as QVariants compare. A pointer that is not one matches nothing.
     */
    [[nodiscard]] static Matcher data(const QString &pointer, const QVariant &value);
    //! Whether the data has a value at \a pointer.
    [[nodiscard]] static Matcher data(const QString &pointer);

    //! Whether it matches. Throws what a function of the user's throws.
    [[nodiscard]] bool matches(const Event &event) const;
    //! For people: `type "ui.*.clicked" and not source "/tests"`. Names of attributes and patterns, but no values.
    [[nodiscard]] QString toString() const;

    //! Both; \a right is only asked where \a left says yes.
    QANAT_CORE_EXPORT friend Matcher operator&&(const Matcher &left, const Matcher &right);
    //! Either of them; \a right is only asked where \a left says no.
    QANAT_CORE_EXPORT friend Matcher operator||(const Matcher &left, const Matcher &right);
    QANAT_CORE_EXPORT friend Matcher operator!(const Matcher &matcher);

private:
    explicit Matcher(std::shared_ptr<const MatcherNode> node);

    std::shared_ptr<const MatcherNode> m_node;
};

} // namespace Qanat

#endif
