// Values of Realm objects to and from JSON: plain where JSON has the type, extended JSON ({"$oid": ...}) where it has not.
// A link is {"$ref": [class, primary key]}; sets and dictionaries are read in a fixed order, so that devices compare.

import io.realm.kotlin.MutableRealm
import io.realm.kotlin.TypedRealm
import io.realm.kotlin.ext.realmDictionaryOf
import io.realm.kotlin.ext.realmListOf
import io.realm.kotlin.ext.toRealmDictionary
import io.realm.kotlin.ext.toRealmList
import io.realm.kotlin.types.BaseRealmObject
import io.realm.kotlin.types.EmbeddedRealmObject
import io.realm.kotlin.types.MutableRealmInt
import io.realm.kotlin.types.RealmAny
import io.realm.kotlin.types.RealmDictionary
import io.realm.kotlin.types.RealmInstant
import io.realm.kotlin.types.RealmList
import io.realm.kotlin.types.RealmObject
import io.realm.kotlin.types.RealmSet
import io.realm.kotlin.types.RealmUUID
import java.util.Base64
import kotlin.reflect.KClass
import kotlin.reflect.KMutableProperty1
import kotlin.reflect.KType
import kotlin.reflect.full.memberProperties
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.longOrNull
import org.mongodb.kbson.BsonDecimal128
import org.mongodb.kbson.BsonObjectId

/** The properties of a model class that can be set, by name. */
fun properties(model: KClass<*>): Map<String, KMutableProperty1<Any, Any?>> =
    model.memberProperties.filterIsInstance<KMutableProperty1<Any, Any?>>()
        .filterNot { it.name.startsWith("io_realm_kotlin") }
        .associateBy { it.name }

/** An object with all its properties. */
fun toJson(value: BaseRealmObject, model: KClass<*>): JsonObject =
    JsonObject(properties(model).mapValues { (_, property) -> toJson(property.get(value)) })

/** Any value of a property or an element of a collection. */
fun toJson(value: Any?): JsonElement = when (value) {
    null -> JsonNull
    is Boolean -> JsonPrimitive(value)
    is String -> JsonPrimitive(value)
    is Double -> number(value)
    is Float -> number(value.toDouble())
    is MutableRealmInt -> JsonPrimitive(value.get())
    is Number -> JsonPrimitive(value)
    is ByteArray -> tagged("\$binary", Base64.getEncoder().encodeToString(value))
    is RealmInstant -> tagged("\$date", value.epochSeconds * 1000 + value.nanosecondsOfSecond / 1_000_000)
    is BsonDecimal128 -> tagged("\$numberDecimal", value.toString().substringAfter("value=").removeSuffix(")"))
    is BsonObjectId -> tagged("\$oid", value.toHexString())
    is RealmUUID -> tagged("\$uuid", value.toString())
    is RealmAny -> toJson(content(value))
    is Map<*, *> -> JsonObject(value.entries.sortedBy { it.key as String }.associate { it.key as String to toJson(it.value) })
    is Set<*> -> JsonArray(value.map(::toJson).sortedBy { it.toString() })
    is List<*> -> JsonArray(value.map(::toJson))
    is Everything -> JsonObject(mapOf("\$ref" to JsonArray(listOf(JsonPrimitive("Everything"), JsonPrimitive(value._id)))))
    is Part -> toJson(value, Part::class)
    is Piece -> toJson(value, Piece::class)
    else -> error("no JSON for ${value::class}")
}

/** A value for a property or an element of this type. */
fun fromJson(json: JsonElement, type: KType, realm: TypedRealm): Any? {
    if (json is JsonNull) return null
    return when (type.classifier) {
        Boolean::class -> json.jsonPrimitive.boolean
        Long::class -> json.jsonPrimitive.long
        Float::class -> json.jsonPrimitive.double.toFloat()
        Double::class -> json.jsonPrimitive.double
        String::class -> json.jsonPrimitive.content
        ByteArray::class, RealmInstant::class, BsonDecimal128::class, BsonObjectId::class, RealmUUID::class -> scalar(json, realm)
        MutableRealmInt::class -> MutableRealmInt.create(json.jsonPrimitive.long)
        RealmAny::class -> mixed(json, realm)
        Everything::class -> scalar(json, realm)
        Part::class -> part(json.jsonObject)
        Piece::class -> piece(json.jsonObject)
        else -> error("no value of $type from JSON")
    }
}

/** Sets a property; a collection is replaced. */
fun set(target: Any, property: KMutableProperty1<Any, Any?>, json: JsonElement, realm: MutableRealm) {
    val element = property.returnType.arguments.lastOrNull()?.type
    if (element == null) {
        property.set(target, fromJson(json, property.returnType, realm))
        return
    }
    @Suppress("UNCHECKED_CAST")
    when (val collection = property.get(target)) {
        is RealmDictionary<*> -> (collection as RealmDictionary<Any?>).run {
            clear()
            json.jsonObject.forEach { (key, value) -> put(key, fromJson(value, element, realm)) }
        }
        is MutableCollection<*> -> (collection as MutableCollection<Any?>).run {
            clear()
            json.jsonArray.forEach { add(fromJson(it, element, realm)) }
        }
    }
}

/** What a mixed value holds. */
private fun content(value: RealmAny): Any? = when (value.type) {
    RealmAny.Type.INT -> value.asLong()
    RealmAny.Type.BOOL -> value.asBoolean()
    RealmAny.Type.STRING -> value.asString()
    RealmAny.Type.BINARY -> value.asByteArray()
    RealmAny.Type.TIMESTAMP -> value.asRealmInstant()
    RealmAny.Type.FLOAT -> value.asFloat()
    RealmAny.Type.DOUBLE -> value.asDouble()
    RealmAny.Type.DECIMAL128 -> value.asDecimal128()
    RealmAny.Type.OBJECT_ID -> value.asObjectId()
    RealmAny.Type.UUID -> value.asRealmUUID()
    RealmAny.Type.OBJECT -> value.asRealmObject(Everything::class)
    RealmAny.Type.LIST -> value.asList()
    RealmAny.Type.DICTIONARY -> value.asDictionary()
}

private fun mixed(json: JsonElement, realm: TypedRealm): RealmAny? = when (json) {
    is JsonNull -> null
    is JsonArray -> RealmAny.create(json.map { mixed(it, realm) }.toRealmList())
    is JsonPrimitive, is JsonObject -> when (val value = scalar(json, realm)) {
        is Boolean -> RealmAny.create(value)
        is Long -> RealmAny.create(value)
        is Double -> RealmAny.create(value)
        is String -> RealmAny.create(value)
        is ByteArray -> RealmAny.create(value)
        is RealmInstant -> RealmAny.create(value)
        is BsonDecimal128 -> RealmAny.create(value)
        is BsonObjectId -> RealmAny.create(value)
        is RealmUUID -> RealmAny.create(value)
        is Everything -> RealmAny.create(value)
        else -> RealmAny.create(json.jsonObject.mapValues { mixed(it.value, realm) }.toRealmDictionary())
    }
}

/** A scalar that tells its type; null for an object that is no extended JSON. */
private fun scalar(json: JsonElement, realm: TypedRealm): Any? {
    if (json is JsonPrimitive) {
        return if (json.isString) json.content else json.longOrNull ?: json.content.toDoubleOrNull() ?: json.boolean
    }
    val (tag, value) = json.jsonObject.entries.singleOrNull() ?: return null
    return when (tag) {
        "\$binary" -> Base64.getDecoder().decode(value.jsonPrimitive.content)
        "\$date" -> value.jsonPrimitive.long.let { RealmInstant.from(it / 1000, (it % 1000).toInt() * 1_000_000) }
        "\$numberDecimal" -> BsonDecimal128(value.jsonPrimitive.content)
        "\$oid" -> BsonObjectId(value.jsonPrimitive.content)
        "\$uuid" -> RealmUUID.from(value.jsonPrimitive.content)
        "\$ref" -> find(realm, value.jsonArray[1].jsonPrimitive.content)
        else -> null
    }
}

private fun part(json: JsonObject): Part = Part().apply {
    json["name"]?.let { name = it.jsonPrimitive.content }
    json["n"]?.let { n = it.jsonPrimitive.longOrNull }
    json["pieces"]?.let { all -> pieces.addAll(all.jsonArray.map { piece(it.jsonObject) }) }
}

private fun piece(json: JsonObject) = Piece().apply { json["name"]?.let { name = it.jsonPrimitive.content } }

/** The object with this primary key; null when it does not exist. */
fun find(realm: TypedRealm, key: String): Everything? = realm.query(Everything::class, "_id == \$0", key).first().find()

private fun tagged(tag: String, value: String) = JsonObject(mapOf(tag to JsonPrimitive(value)))

private fun tagged(tag: String, value: Long) = JsonObject(mapOf(tag to JsonPrimitive(value)))

/** JSON has one kind of number: a whole double reads as an integer, as in JavaScript. */
private fun number(value: Double) = if (value == Math.rint(value) && Math.abs(value) < 1e15) JsonPrimitive(value.toLong()) else JsonPrimitive(value)
