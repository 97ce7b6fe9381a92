// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/pipelinenode.h"

#include <QtCore/qmetaobject.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

template<typename Enum>
QString wordOf(Enum value)
{
    return QString::fromLatin1(QMetaEnum::fromType<Enum>().valueToKey(int(value))).toLower();
}

void print(const PipelineNode &node, int depth, QString &text)
{
    text += QString(depth * 2, u' ') + node.kind;
    if (!node.name.isEmpty())
        text += u" \""_s + node.name + u'"';
    text += u" ["_s + wordOf(node.state);
    if (node.activity != PipelineNode::Activity::Flowing)
        text += u", "_s + wordOf(node.activity);
    if (!node.activityReason.isEmpty())
        text += u": "_s + node.activityReason;
    text += u"] "_s + node.statistics.toString() + u'\n';
    for (const PipelineNode &target : node.targets)
        print(target, depth + 1, text);
}

} // namespace

QString PipelineNode::toString() const
{
    QString text;
    print(*this, 0, text);
    return text;
}

} // namespace Qanat
