// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/matcher.h"

#include "datapointer_p.h"
#include "pattern_p.h"

#include <optional>

using namespace Qt::StringLiterals;

namespace Qanat {

// A question, which may consist of others. Immutable, and shared by the matchers that ask it.
class MatcherNode
{
public:
    // How tightly the text is bound, from loose to tight.
    enum class Binding : quint8 { Or, And, Not, Word };

    MatcherNode() = default;
    virtual ~MatcherNode() = default;
    Q_DISABLE_COPY_MOVE(MatcherNode)

    virtual bool matches(const Event &event) const = 0;
    virtual QString toString() const = 0;
    virtual Binding binding() const { return Binding::Word; }

    QString inside(Binding outer) const { return binding() < outer ? u'(' + toString() + u')' : toString(); }
};

namespace {

using NodeRef = std::shared_ptr<const MatcherNode>;

QString quoted(const QString &text)
{
    return u'"' + text + u'"';
}

class EverythingNode final : public MatcherNode
{
public:
    bool matches(const Event &) const override { return true; }
    QString toString() const override { return u"everything"_s; }
};

class FunctionNode final : public MatcherNode
{
public:
    explicit FunctionNode(Matcher::Function function)
        : m_function(std::move(function))
    {
    }
    bool matches(const Event &event) const override { return m_function && m_function(event); }
    QString toString() const override { return m_function ? u"a function"_s : u"nothing"_s; }

private:
    const Matcher::Function m_function;
};

class PatternNode final : public MatcherNode
{
public:
    using Test = bool (*)(const Pattern &pattern, const Event &event);
    PatternNode(Test test, QLatin1String name, const QString &pattern, QChar separator)
        : m_test(test)
        , m_name(name)
        , m_pattern(pattern, separator)
    {
    }
    bool matches(const Event &event) const override { return m_test(m_pattern, event); }
    QString toString() const override { return m_name + u' ' + quoted(m_pattern.text()); }

private:
    const Test m_test;
    const QLatin1String m_name;
    const Pattern m_pattern;
};

// Nothing where it is not set.
std::optional<QVariant> attributeOf(const Event &event, const QString &name)
{
    const auto text = [](const QString &value) {
        return value.isEmpty() ? std::nullopt : std::optional<QVariant>(value);
    };
    if (name == "id"_L1)
        return text(event.id());
    if (name == "type"_L1)
        return text(event.type());
    if (name == "source"_L1)
        return text(event.source());
    if (name == "subject"_L1)
        return text(event.subject());
    if (name == "datacontenttype"_L1)
        return text(event.dataContentType());
    if (name == "dataschema"_L1)
        return text(event.dataSchema());
    if (name == "time"_L1)
        return event.time().isValid() ? std::optional<QVariant>(event.time()) : std::nullopt;
    const QVariant extension = event.extension(name);
    return extension.isValid() ? std::optional(extension) : std::nullopt;
}

// Whether there is a value, and it is the one that is asked for.
class ValueNode : public MatcherNode
{
public:
    ValueNode(QString name, std::optional<QVariant> value)
        : m_name(std::move(name))
        , m_value(std::move(value))
    {
    }
    bool matches(const Event &event) const final
    {
        const auto value = valueOf(event);
        return value && (!m_value || *value == *m_value);
    }
    // The value may be nobody's business.
    QString toString() const final { return m_name + (m_value ? u" has a value"_s : u" is set"_s); }

private:
    virtual std::optional<QVariant> valueOf(const Event &event) const = 0;

    const QString m_name;
    const std::optional<QVariant> m_value;
};

class AttributeNode final : public ValueNode
{
public:
    AttributeNode(const QString &name, std::optional<QVariant> value)
        : ValueNode(u"attribute "_s + quoted(name), std::move(value))
        , m_attribute(name)
    {
    }

private:
    std::optional<QVariant> valueOf(const Event &event) const override { return attributeOf(event, m_attribute); }

    const QString m_attribute;
};

class DataNode final : public ValueNode
{
public:
    DataNode(const QString &pointer, std::optional<QVariant> value)
        : ValueNode(u"data "_s + quoted(pointer), std::move(value))
        , m_pointer(DataPointer::parse(pointer))
    {
    }

private:
    std::optional<QVariant> valueOf(const Event &event) const override
    {
        return m_pointer ? m_pointer->find(event.data()) : std::nullopt;
    }

    const std::optional<DataPointer> m_pointer;
};

class PairNode final : public MatcherNode
{
public:
    PairNode(Binding binding, NodeRef left, NodeRef right)
        : m_left(std::move(left))
        , m_right(std::move(right))
        , m_binding(binding)
    {
    }
    bool matches(const Event &event) const override
    {
        return m_binding == Binding::And ? m_left->matches(event) && m_right->matches(event)
                                         : m_left->matches(event) || m_right->matches(event);
    }
    QString toString() const override
    {
        return m_left->inside(m_binding) + (m_binding == Binding::And ? u" and "_s : u" or "_s)
               + m_right->inside(m_binding);
    }
    Binding binding() const override { return m_binding; }

private:
    const NodeRef m_left;
    const NodeRef m_right;
    const Binding m_binding;
};

class NotNode final : public MatcherNode
{
public:
    explicit NotNode(NodeRef other)
        : m_other(std::move(other))
    {
    }
    bool matches(const Event &event) const override { return !m_other->matches(event); }
    QString toString() const override { return u"not "_s + m_other->inside(Binding::Not); }
    Binding binding() const override { return Binding::Not; }

private:
    const NodeRef m_other;
};

constexpr QChar Dot = u'.';
constexpr QChar Slash = u'/';

} // namespace

Matcher::Matcher()
    : m_node(std::make_shared<EverythingNode>())
{
}

Matcher::Matcher(Function function)
    : m_node(std::make_shared<FunctionNode>(std::move(function)))
{
}

Matcher::Matcher(std::shared_ptr<const MatcherNode> node)
    : m_node(std::move(node))
{
}

Matcher Matcher::type(const QString &pattern)
{
    return Matcher(std::make_shared<PatternNode>(
        [](const Pattern &wanted, const Event &event) { return wanted.matches(event.typeView()); }, "type"_L1, pattern,
        Dot));
}

Matcher Matcher::source(const QString &pattern)
{
    return Matcher(std::make_shared<PatternNode>(
        [](const Pattern &wanted, const Event &event) { return wanted.matches(event.source()); }, "source"_L1, pattern,
        Slash));
}

Matcher Matcher::subject(const QString &pattern)
{
    return Matcher(std::make_shared<PatternNode>(
        [](const Pattern &wanted, const Event &event) { return wanted.matches(event.subject()); }, "subject"_L1,
        pattern, Slash));
}

Matcher Matcher::attribute(const QString &name, const QVariant &value)
{
    return Matcher(std::make_shared<AttributeNode>(name, value));
}

Matcher Matcher::attribute(const QString &name)
{
    return Matcher(std::make_shared<AttributeNode>(name, std::nullopt));
}

Matcher Matcher::data(const QString &pointer, const QVariant &value)
{
    return Matcher(std::make_shared<DataNode>(pointer, value));
}

Matcher Matcher::data(const QString &pointer)
{
    return Matcher(std::make_shared<DataNode>(pointer, std::nullopt));
}

bool Matcher::matches(const Event &event) const
{
    return m_node->matches(event);
}

QString Matcher::toString() const
{
    return m_node->toString();
}

Matcher operator&&(const Matcher &left, const Matcher &right)
{
    return Matcher(std::make_shared<PairNode>(MatcherNode::Binding::And, left.m_node, right.m_node));
}

Matcher operator||(const Matcher &left, const Matcher &right)
{
    return Matcher(std::make_shared<PairNode>(MatcherNode::Binding::Or, left.m_node, right.m_node));
}

Matcher operator!(const Matcher &matcher)
{
    return Matcher(std::make_shared<NotNode>(matcher.m_node));
}

} // namespace Qanat
